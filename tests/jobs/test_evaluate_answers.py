"""The command that measures an answer model, without a model."""

import json

import pytest
from click.testing import CliRunner

from jobs import evaluate_answers

LINES = [
    {"question": "Q?", "sentence": f"S{i}.", "grade": grade}
    for i, grade in enumerate((0, 0.4, 0.8))
]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Runs the command; its `told` is what the measuring was told last."""
    path, out = tmp_path / "lines.jsonl", tmp_path / "out.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))

    def measured(folder, pairs, **options):
        ask.told = options
        return {"labels": [pair.label for pair in pairs]}

    def ask(*more):
        args = ["--model", str(tmp_path), "--labelled", str(path), "--format", "jsonl"]
        args += ["--json", str(out), *more]
        return CliRunner().invoke(evaluate_answers.evaluate, args), out

    monkeypatch.setattr(evaluate_answers, "measure", measured)
    return ask


def test_precision_and_thresholds_reach_the_measuring(asked):
    asked("--precision", "bf16", "--at-precision", "0.8", "--token-budget", "99")
    assert asked.told == {
        "threshold": None,
        "at_precision": 0.8,
        "token_budget": 99,
        "precision": "bf16",
    }
    asked("--threshold", "0.25")
    assert (asked.told["threshold"], asked.told["precision"]) == (0.25, "fp32")


def test_the_result_names_the_rule_that_made_its_labels(asked):
    done, out = asked()
    assert done.exit_code == 0
    assert "jsonl: grade >= 0.5" in done.stdout
    assert json.loads(out.read_text()) == {
        "labels": [0, 0, 1],
        "label_rule": "jsonl: grade >= 0.5",
    }
    _, out = asked("--positive-from", "0.4")
    assert json.loads(out.read_text()) == {
        "labels": [0, 1, 1],
        "label_rule": "jsonl: grade >= 0.4",
    }


def test_a_rule_no_grade_can_meet_is_refused(asked):
    done, out = asked("--positive-from", "2")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: --positive-from 2: expected above 0")
    assert not out.exists()
