"""The command that trains the answer model, up to where Spark starts."""

import pytest
from click.testing import CliRunner

from jobs import session, train_answers

FOLDERS = ["--set", "lake=/l", "--set", "models=/m", "--set", "landing=/z"]
SPLIT_BY = "train_answers.split_by"


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """What `run` was called with."""
    calls = []
    monkeypatch.setattr(session, "build", lambda spark: None)
    monkeypatch.setattr(
        train_answers, "run", lambda *given, **named: calls.append((given, named))
    )
    path = tmp_path / "epqa.csv"
    path.write_text(
        "question,ASIN,candidate,source,label\nq,A,x,review,2\nq,A,y,review,1\n"
    )

    def ask(*more):
        args = ["--labelled", str(path), "--format", "epqa", *FOLDERS, *more]
        return CliRunner().invoke(train_answers.command, args), calls

    return ask


def test_the_rule_goes_with_the_labels(trained):
    trained()
    done, calls = trained("--positive-from", "1", "--set", f"{SPLIT_BY}=product")
    assert done.exit_code == 0
    labels = [[pair.label for pair in given[2]] for given, _ in calls]
    assert labels == [[1, 0], [1, 1]]
    assert [named["label_rule"] for _, named in calls] == [
        "epqa: grade >= 2",
        "epqa: grade >= 1",
    ]
    assert [given[1].split_by for given, _ in calls] == ["question", "product"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--positive-from", "3"], "--positive-from 3: expected above 0 and at"),
        (
            ["--set", "train_answers.split_by=pair"],
            "train_answers.split_by: 'pair', exp",
        ),
    ],
)
def test_a_wrong_rule_or_split_is_refused_before_any_work(trained, more, told):
    done, calls = trained(*more)
    assert (done.exit_code, calls) == (2, [])
    assert done.stderr.startswith(f"error: {told}")
