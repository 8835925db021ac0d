"""A comparison: runs once each, goes on where it stopped, says what it measured."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from jobs import compare_answers, config
from jobs.answer_report import _average_precision
from jobs.answer_runs import _TAKEN_BY, Bench, key_of, read_inputs, save_inputs
from jobs.answer_speed import _precisions
from jobs.compare_answers import ComparisonError, tasks_of
from jobs.config import CompareAnswers, TrainAnswers
from jobs.paired import paired
from jobs.runs import read_runs
from models.answers import METHODS
from tests.models import toy


@pytest.fixture
def place(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(120):
        asked = f"w{number % 5} w30 w31 q{number}"
        for _ in range(4):
            first = rng.integers(5)
            rows.append(
                {
                    "question": asked,
                    "sentence": f"w{first} w20 w{rng.integers(6, 12)}",
                    "label": int(first == number % 5),
                }
            )
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines)
    examples = toy.examples()
    save_inputs(
        str(tmp_path / "out" / "inputs"),
        examples.qa,
        examples.qa_of_product,
        examples.words,
    )
    return tmp_path


def settings(place, *more):
    document = config.read(
        (),
        [
            f"lake={place}/lake",
            "compare_answers.sets.mine={format: jsonl, files: [rows.jsonl]}",
            f"compare_answers.data={place}",
            "compare_answers.methods=[qrem, bm25]",
            "compare_answers.seeds=[1, 2]",
            "compare_answers.studies=[methods]",
            "compare_answers.n_resamples=20",
            "compare_answers.speed_set=mine",
            "compare_answers.speed_questions=20",
            "compare_answers.processes=1",
            *more,
        ],
    )
    return (
        config.settings_of(CompareAnswers, document),
        config.settings_of(TrainAnswers, document),
    )


def test_every_run_is_done_once_and_the_report_has_a_row_a_method(place):
    out = str(place / "out")
    compare_answers.run(*settings(place), out)
    rows = read_runs(place / "out" / "runs.jsonl")
    assert {(row["method"], row["seed"]) for row in rows} == {
        (method, seed) for method in ("qrem", "bm25") for seed in (1, 2)
    }
    for row in rows:
        assert row["label_rule"] == "jsonl: grade >= 0.5"
        assert row["n_positive"] <= row["n"] < 480
    report = (place / "out" / "report.md").read_text()
    assert "| 1 |" not in report
    assert "| bm25 | 2 |" in report
    assert "| always yes |" in report
    assert "0.184 / 0.167 / 0.175" in report  # published beside QREM
    assert (place / "out" / "precision-recall-mine.svg").exists()
    assert (place / "out" / "quality-speed.png").exists()
    results = json.loads((place / "out" / "results.json").read_text())
    assert sorted((row["method"], row["precision"]) for row in results["speeds"]) == [
        ("bm25", "fp32"),
        ("qrem", "fp32"),
    ]

    # What was timed before is no reason to fail where it is not compared any more.
    for methods, is_told in (("[qrem]", False), ("[bm25]", True)):
        chosen = settings(place, f"compare_answers.methods={methods}")
        compare_answers.run(*chosen, out, trains=False)
        report = (place / "out" / "report.md").read_text()
        assert ("| bm25 | fp32 |" in report) == is_told

    # A line that a kill cut is a run that did not end.
    runs = place / "out" / "runs.jsonl"
    lines = runs.read_text().splitlines()
    runs.write_text("\n".join(lines[:3]) + '\n{"key": "cut')
    kept = lines[:3]
    compare_answers.run(*settings(place), out, trains=False)
    assert len(read_runs(runs)) == 3
    assert "| 1 |" in (place / "out" / "report.md").read_text()
    compare_answers.run(*settings(place), out)
    again = runs.read_text().splitlines()
    assert again[:3] == kept
    assert len(read_runs(runs)) == 4


@pytest.mark.parametrize("has_units", [True, False])
def test_encoders_are_timed_in_bf16_too_where_there_are_units(monkeypatch, has_units):
    capabilities = {"amx_bf16": has_units}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    monkeypatch.setattr("jobs.answer_speed.device_name", lambda: "cpu")
    both = ("fp32", "bf16") if has_units else ("fp32",)
    assert _precisions("late-qar") == _precisions("cross-encoder") == both
    assert _precisions("bm25") == _precisions("qar-net") == ("fp32",)


def test_a_failing_run_is_named_and_the_others_are_kept(place):
    chosen, training = settings(
        place,
        "compare_answers.methods=[minilm-cosine, bm25]",
        "compare_answers.seeds=[1]",
        f"train_answers.encoder={place}/missing",
    )
    with pytest.raises(ComparisonError, match="1 runs failed; first: methods mine m"):
        compare_answers.run(chosen, training, str(place / "out"))
    (row,) = read_runs(place / "out" / "runs.jsonl")
    assert row["method"] == "bm25"


def test_a_key_changes_with_what_changes_a_result(place):
    chosen, training = settings(place)
    task = tasks_of(chosen)[0]

    def key(task=task, **changes):
        values = {
            "inputs": str(place / "out" / "inputs"),
            "data": str(place),
            "sets": chosen.sets,
            "settings": training,
            "out": str(place / "out"),
            "keep_models_of": "",
            "keep_seed": 1,
            "n_threads": 1,
        }
        return key_of(task, Bench(**{**values, **changes}))

    assert key() == key(n_threads=2, out="elsewhere")
    assert key() == key(settings=training.model_copy(update={"method": "bm25"}))
    assert key() == key(settings=training.model_copy(update={"late_size": 7}))
    assert key() != key(settings=training.model_copy(update={"mu": 0.7}))
    assert {name for names in _TAKEN_BY.values() for name in names} <= set(METHODS)
    late = replace(task, method="late-qar")
    before = key(), key(late)
    (place / "out" / "inputs" / "product").write_text("other")
    assert (key() == before[0], key(late) == before[1]) == (True, False)
    assert key(late) != key(late, settings=training.model_copy(update={"late_size": 7}))
    assert key() != key(tasks_of(chosen)[-1])
    # A study's value that is the setting's own is no run of its own.
    assert key() == key(replace(task, study="mu", changes={"mu": training.mu}))
    assert key() != key(replace(task, study="mu", changes={"mu": 0.7}))
    assert key() != key(replace(task, part="validation"))


def test_a_run_that_two_studies_share_is_done_once_and_stands_in_both(place):
    chosen, training = settings(
        place,
        "compare_answers.methods=[qrem]",
        "compare_answers.seeds=[1]",
        "compare_answers.studies=[methods, mu, eta]",
        "compare_answers.mu=[0.1]",
        "compare_answers.eta=[0.1]",
        "compare_answers.study_set=mine",
        "train_answers.max_epochs=1",
        "train_answers.pretrain_epochs=[0.5]",
    )
    assert (training.mu, training.eta) == (0.1, 0.1)
    out = place / "shared"
    shutil.copytree(place / "out" / "inputs", out / "inputs")
    compare_answers.run(chosen, training, str(out))
    assert len(read_runs(out / "runs.jsonl")) == 2
    runs = json.loads((out / "results.json").read_text())["runs"]
    assert [row["study"] for row in runs] == ["methods", "mu", "eta"]
    assert runs[1]["f1"] == runs[2]["f1"]
    report = (out / "report.md").read_text()
    assert "## mu, weight of R1, mine, on validation" in report
    assert "## eta, weight of R2, mine, on validation" in report


def test_inputs_come_back_as_they_were(place):
    qa, of_product, words = read_inputs(str(place / "out" / "inputs"))
    examples = toy.examples()
    assert list(qa.questions) == list(examples.qa.questions)
    assert list(qa.labels) == list(examples.qa.labels)
    assert list(of_product.texts) == list(examples.qa_of_product.texts)
    assert words.words == examples.words.words
    np.testing.assert_array_equal(words.vectors, examples.words.vectors)


def predictions(scores, labels):
    return {
        "questions": np.arange(len(labels)) // 2,
        "labels": np.array(labels),
        "scores": np.array(scores, dtype=np.float32),
    }


def test_the_bootstrap_sees_a_better_method():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    good = predictions(labels + rng.normal(0, 0.3, 200), labels)
    bad = predictions(rng.normal(0, 1, 200), labels)
    mean, low, high = paired(
        [(good, bad)], _average_precision, groups="questions", n_resamples=50
    )
    assert 0 < low < mean < high
    assert _average_precision(good)(1.0 - labels) is None


def test_the_studies_vary_one_setting_each():
    document = config.read(
        (str(Path(config.CONF) / "experiments" / "answers.yaml"),), ["lake=x"]
    )
    chosen = config.settings_of(CompareAnswers, document)
    tasks = tasks_of(chosen)
    first = [task for task in tasks if task.seed == chosen.seeds[0]]
    assert tasks[: len(first)] == first
    assert len([task for task in first if task.study == "methods"]) == 15 * 5
    assert len([task for task in first if task.study == "regularisers"]) == 4
    for task in first:
        if task.study in ("pretraining", "k", "mu", "eta"):
            assert len(task.changes) == 1
            assert task.part == "validation"
