"""The command that trains the answer model, up to where Spark starts."""

import pytest
from click.testing import CliRunner

from jobs import config, lake, session, train_answers
from jobs.config import TrainAnswers
from jobs.sources.sets import normalised
from models import encoder

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


def test_without_the_package_a_method_on_an_encoder_is_refused_before_any_work(
    trained, monkeypatch
):
    monkeypatch.setattr(encoder, "PACKAGE", "no_such_package")
    done, calls = trained("--method", "late-qar")
    assert (done.exit_code, calls) == (2, [])
    assert done.stderr.startswith("error: no pretrained encoder: install the extra")
    assert trained("--method", "qar-net")[0].exit_code == 0


@pytest.mark.spark
def test_negatives_of_a_product_are_answers_to_its_other_questions(spark, monkeypatch):
    asked = [(product, place) for product in "ab" for place in range(5)]
    rows = [(p, f"{p}{n}", f"Asked {p}{n}?", f"said {p}{n}", 1) for p, n in asked]
    rows += [
        ("a", "a0", "Asked a0?", "said b1", 0),
        ("c", "c0", "Asked c?", "alone", 1),
    ]
    rows += [("b", "b9", "Asked b9?", "said b1", 1)]  # the same answer twice
    rows += [("b", "b8", "asked  B0?", "said b8", 1)]  # the same question twice
    columns = ["product_id", "question_id", "question", "answer", "label"]
    table = spark.createDataFrame(rows, columns)
    monkeypatch.setattr(lake, "read", lambda *given: table)
    document = config.read((), ["lake=/l", "models=/m", "landing=/z"])
    settings = config.settings_of(TrainAnswers, document)
    found = train_answers.qa_of_product(spark, settings, {"asked a3?"})
    pairs = list(zip(found.questions, found.texts, found.labels, strict=True))
    assert len(set(pairs)) == len(pairs)
    answer = {row[2]: row[3] for row in rows if row[4]}
    of_product = {row[2]: row[0] for row in rows}
    assert {question for question, _, _ in pairs} == set(answer) - {
        "Asked a3?",
        "Asked c?",
    }
    for question in dict.fromkeys(found.questions):
        said = {text: label for asked, text, label in pairs if asked == question}
        assert [text for text in said if said[text]] == [answer[question]]
        of_same = [row[3] for row in rows if row[4] and row[0] == of_product[question]]
        left = set(of_same) - own(rows, question) - {"said a3"}
        # Of the next three some may be its own, or the same text twice.
        assert len(said) - 1 == 3 if of_product[question] == "a" else len(said) - 1 >= 1
        assert set(said) - {answer[question]} <= left
        assert all(text.startswith(f"said {of_product[question]}") for text in said)
        assert "said a3" not in said
    last = found.questions[-1]
    few = settings.model_copy(update={"encoder_qa_pairs": len(rows)})
    first = train_answers.qa_of_product(spark, few, {"asked a3?"})
    n_pairs = len(first)
    assert 0 < n_pairs <= len(rows) < len(pairs)
    assert last not in first.questions
    assert found.questions[n_pairs - 1] != found.questions[n_pairs]
    assert list(first.texts) == list(found.texts[:n_pairs])


def own(rows, question):
    """Answers to a question however it is written."""
    name = normalised(question)
    return {row[3] for row in rows if row[4] and normalised(row[2]) == name}
