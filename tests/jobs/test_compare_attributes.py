"""A comparison of attribute models: its parts, its runs, what it reports."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jobs import attribute_report, compare_attributes, config
from jobs.attribute_measures import Judged, summary
from jobs.attribute_report import _differences, f1_of
from jobs.attribute_runs import (
    _TAKEN_BY,
    Bench,
    drawn,
    key_of,
    labelled_of,
    parts_of,
)
from jobs.compare_attributes import ComparisonError, tasks_of
from jobs.config import AttributeSet, CompareAttributes, TrainAttributes
from jobs.paired import keep_predictions
from jobs.published_attributes import MULTI_TASK, PUBLISHED, named_attributes
from jobs.runs import read_runs
from jobs.sources.values import LabelledValue
from models.attributes import METHODS
from tests.models import toy

EXPERIMENT = str(Path(config.CONF) / "experiments" / "attributes.yaml")
COLOURS = ("w1", "w2", "w3")


@pytest.fixture
def place(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(150):
        # One in ten is a colour that stands in no other text.
        colour = str(rng.choice(COLOURS)) if number % 10 else f"u{number}"
        before = f"w{rng.integers(10, 20)} w{rng.integers(10, 20)}"
        context = f"{before} {colour} w{20 + number % 9} n{number}"
        rows.append({"context": context, "attribute": "w30", "value": colour})
        rows.append({"context": context, "attribute": "w31", "value": None})
        rows.append({"context": context, "attribute": "Frame Color", "value": "w1"})
    lines = "".join(json.dumps(row) + "\n" for row in rows if has_value(row))
    (tmp_path / "rows.jsonl").write_text(lines)
    toy.bert_folder(tmp_path / "encoder")
    return tmp_path


def has_value(row):
    return row["value"] is None or row["value"] in row["context"].split()


def settings(place, *more):
    document = config.read(
        (),
        [
            "compare_attributes.sets.mine={format: jsonl, files: [rows.jsonl],"
            " published: ae-zero-shot}",
            f"compare_attributes.data={place}",
            "compare_attributes.methods=[gazetteer, qa]",
            "compare_attributes.own=qa",
            "compare_attributes.seeds=[1, 2]",
            "compare_attributes.n_resamples=20",
            "compare_attributes.processes=1",
            f"train_attributes.encoder={place}/encoder",
            "train_attributes.max_epochs=1",
            "train_attributes.min_steps=0",
            "train_attributes.max_tokens=24",
            "train_attributes.stride=4",
            *more,
        ],
    )
    return (
        config.settings_of(CompareAttributes, document),
        config.settings_of(TrainAttributes, document),
    )


def test_every_run_is_done_once_and_the_report_has_a_row_a_method(place):
    out = place / "out"
    out.mkdir()
    compare_attributes.run(*settings(place), str(out))
    rows = read_runs(out / "runs.jsonl")
    assert {(row["method"], row["seed"]) for row in rows} == {
        (method, seed) for method in ("gazetteer", "qa") for seed in (1, 2)
    }
    for row in rows:
        assert row["n"] == row["n_values"] + row["n_none"] > 0
        assert row["validation"]["n"] > 0
        assert set(row["attributes"]) == {"Frame Color"}
    of_gazetteer = [row for row in rows if row["method"] == "gazetteer"]
    for row in of_gazetteer:
        assert (row["seen"]["f1"], row["unseen"]["f1"]) == (1.0, 0.0)
        assert row["unseen"]["n_values"] > 0
    report = (out / "report.md").read_text()
    assert "| always none |  | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |  | 0 / 0 |" in report
    assert "| gazetteer | 2 | " in report
    assert "| Frame Color | " in report
    assert "F1 of qa less that of the others, values not seen; paired" in report
    assert (out / "f1-mine.svg").exists()
    assert (out / "f1-mine.png").exists()
    results = json.loads((out / "results.json").read_text())
    assert {(row["part"], row["method"]) for row in results["differences"]} == {
        (part, "gazetteer")
        for part in ("all", "seen", "unseen", "unseen_by_own_threshold")
    }
    assert {row["key"] for row in results["runs"]} == {row["key"] for row in rows}

    # A line that a kill cut is a run that did not end.
    runs = out / "runs.jsonl"
    kept = runs.read_text().splitlines()[:3]
    runs.write_text("\n".join(kept) + '\n{"key": "cut')
    compare_attributes.run(*settings(place), str(out), trains=False)
    assert len(read_runs(runs)) == 3
    compare_attributes.run(*settings(place), str(out))
    assert runs.read_text().splitlines()[:3] == kept
    assert len(read_runs(runs)) == 4


def test_a_failing_run_is_named_and_the_others_are_kept(place):
    (place / "out").mkdir()
    chosen, training = settings(
        place,
        "compare_attributes.seeds=[1]",
        f"train_attributes.encoder={place}/missing",
    )
    with pytest.raises(ComparisonError, match="1 runs failed; first: methods mine qa"):
        compare_attributes.run(chosen, training, str(place / "out"))
    [row] = read_runs(place / "out" / "runs.jsonl")
    assert row["method"] == "gazetteer"


def test_a_key_changes_with_what_changes_a_result(place):
    chosen, training = settings(place)
    task = replace(tasks_of(chosen)[0], method="qa")

    def key(task=task, **changes):
        values = {
            "data": str(place),
            "sets": chosen.sets,
            "settings": training,
            "named": {"mine": ()},
            "out": str(place / "out"),
            "n_threads": 1,
        }
        return key_of(task, Bench(**{**values, **changes}))

    def set_key(**changes):
        return key(sets={"mine": chosen.sets["mine"].model_copy(update=changes)})

    def training_key(task=task, **changes):
        return key(task, settings=training.model_copy(update=changes))

    assert key() == key(n_threads=2, out="elsewhere")
    assert key() == key(replace(task, study="multi_task", part="validation"))
    same = {"batch_size": training.batch_size}
    assert key() == key(replace(task, changes=same))
    assert key() != key(replace(task, changes={"batch_size": 33}))
    assert key() == set_key(published=None)
    assert key() != set_key(max_training=10)
    assert key() != set_key(split_by="triple")
    assert key() == training_key(alpha=0.7, beta=0.7, method="aveqa", threads=7)
    assert key() != training_key(is_literal_head=True)
    assert key() != key(replace(task, seed=9))
    aveqa = replace(task, method="aveqa")
    assert training_key(aveqa) != training_key(aveqa, alpha=0.7)
    gazetteer = replace(task, method="gazetteer")
    assert training_key(gazetteer) == training_key(gazetteer, encoder="other")
    assert {name for names in _TAKEN_BY.values() for name in names} <= set(METHODS)


def labelled(product, attribute, value="red"):
    context = f"red {product}"
    spans = ((0, 3),) if value == "red" else ()
    return LabelledValue(product, context, attribute, (value,), spans)


ROWS = [
    labelled(f"p{product}", name)
    for product in range(100)
    for name in ("Color", "Size", "frame  color")
]


def parts(place, **changes):
    chosen = AttributeSet(format="jsonl", files=("x",), **changes)
    return parts_of(ROWS, chosen, settings(place)[1])


def test_held_out_attributes_are_the_test_part_and_others_choose(place):
    names = [f"a{number}" for number in range(40)]
    rows = [labelled(f"p{i}", name) for i, name in enumerate([*names, *names])]
    rows += [labelled("p1", "frame  color"), labelled("p999", "Frame Color")]
    chosen = AttributeSet(format="jsonl", files=("x",), held_out=("Frame color",))
    found = parts_of(rows, chosen, settings(place)[1])
    assert [row.product_id for row in found.test] == ["p1", "p999"]
    asked = [
        {row.attribute for row in part} for part in (found.training, found.validation)
    ]
    assert asked[0] | asked[1] == set(names)
    assert not asked[0] & asked[1]
    assert asked[1]


def test_parts_are_of_other_products_and_no_larger_than_wanted(place):
    found = parts(place, max_training=20, max_validation=9)
    products = [
        {row.product_id for row in part}
        for part in (found.training, found.validation, found.test)
    ]
    assert sum(map(len, products)) == len(set().union(*products))
    # Three rows a product: 20 hold six of them.
    assert (len(found.training), len(found.validation)) == (18, 9)
    assert found == parts(place, max_training=20, max_validation=9)
    whole = parts(place)
    assert len(whole.training) + len(whole.validation) + len(whole.test) == 300
    assert set(found.training) < set(whole.training)
    assert found.test == whole.test


def test_a_value_that_its_text_does_not_hold_is_not_trained_on(place):
    rows = [*ROWS, *(labelled(f"p{i}", "Size", "lost") for i in range(100))]
    chosen = AttributeSet(format="jsonl", files=("x",))
    found = parts_of(rows, chosen, settings(place)[1])
    assert not any("lost" in row.values for row in found.training)
    assert any("lost" in row.values for row in found.test)


def test_other_seeds_draw_other_products():
    of_first, of_second = (drawn(ROWS, 30, seed) for seed in (1, 2))
    assert len(of_first) == len(of_second) == 30
    assert of_first != of_second
    assert drawn(ROWS, None, 1) == ROWS


def test_f1_of_kept_outcomes_is_that_of_the_summary():
    rng = np.random.default_rng(0)
    found, outcomes = [], []
    for number in range(200):
        values = ("red",) if rng.random() < 0.7 else ()
        value = [None, "red", "blue"][rng.integers(3)]
        row = LabelledValue(f"p{number}", "x", "Color", values, ())
        was_seen = bool(values) and bool(rng.integers(2))
        found.append(Judged(row, value, 0.5, 0.5, was_seen))
        place = 4 if value is None else 2
        if values:
            place = {None: 3, "red": 0, "blue": 1}[value]
        outcomes.append(place)
    predictions = {
        "outcome": np.array(outcomes, dtype=np.int8),
        # Nothing is found: 4 where there is no value, 3 where there is one.
        "outcome_of_unseen": np.array([3 if one.row.values else 4 for one in found]),
        "was_seen": np.array([one.was_seen for one in found]),
    }
    measures = summary(found)
    for part, expected in (
        ("all", measures),
        ("seen", measures["seen"]),
        ("unseen", measures["unseen"]),
        ("unseen_by_own_threshold", {"f1": 0.0}),
    ):
        score = f1_of(part)(predictions)(np.ones(200))
        assert score == pytest.approx(expected["f1"])
    has_value = np.isin(predictions["outcome"], (0, 1, 3))
    assert f1_of("all")(predictions)(1.0 - has_value) is None


def test_finding_nothing_is_no_hit():
    predictions = {
        "outcome": np.array([3, 4, 4, 4, 4], dtype=np.int8),
        "was_seen": np.array([True, False, False, False, False]),
    }
    assert f1_of("all")(predictions)(np.ones(5)) == 0.0
    assert f1_of("unseen")(predictions)(np.ones(5)) is None


def test_values_that_no_run_had_are_not_compared(place):
    chosen, _ = settings(place)
    rows = []
    for method, outcomes in (("qa", [0, 0, 4]), ("gazetteer", [3, 0, 2])):
        keep_predictions(
            place,
            method,
            outcome=np.array(outcomes, dtype=np.int8),
            outcome_of_unseen=np.array([0, 0, 0], dtype=np.int8),
            was_seen=np.zeros(3, dtype=bool),
            product=np.arange(3),
        )
        parts = {
            "seen": {"n_values": 0},
            "unseen": {"n_values": 2},
            "unseen_by_own_threshold": {"n_values": 2},
        }
        rows.append(row("methods", method, 1, key=method, **parts))
    found = _differences("mine", rows, chosen, place)
    assert [(one["part"], one["difference"]) for one in found] == [
        ("all", 0.5),
        ("unseen", 0.5),
        ("unseen_by_own_threshold", 0.0),
    ]


def test_the_studies_vary_one_setting_each():
    document = config.read((EXPERIMENT,), [])
    chosen = config.settings_of(CompareAttributes, document)
    tasks = tasks_of(chosen)
    first = [task for task in tasks if task.seed == chosen.seeds[0]]
    assert tasks[: len(first)] == first
    of_methods = [task for task in first if task.study == "methods"]
    assert {task.method for task in of_methods} == set(METHODS)
    assert len(of_methods) == len(METHODS) * len(chosen.sets)
    assert len([task for task in first if task.study == "multi_task"]) == 4 * 2
    forgetting = [task for task in first if task.study == "forgetting"]
    assert [task.method for task in forgetting] == ["qa-cls", "aveqa"]
    assert all(task.changes == {"is_forgetting_measured": True} for task in forgetting)
    for study in ("batch_size", "learning_rate", "alpha", "beta"):
        varied = [task for task in first if task.study == study]
        assert [task.changes[study] for task in varied] == list(getattr(chosen, study))
        assert {(len(task.changes), task.part, task.method) for task in varied} == {
            (1, "validation", "aveqa")
        }


def measured(f1):
    return {
        "precision": f1,
        "recall": f1,
        "f1": f1,
        "unseen": {"f1": f1, "n_values": 1},
    }


def row(study, method, seed, **more):
    return {"study": study, "set_name": "mine", "method": method, "seed": seed, **more}


def test_the_studies_are_reported(place):
    chosen, _ = settings(
        place,
        "compare_attributes.study_set=mine",
        "compare_attributes.multi_task_sets=[mine]",
    )
    rows = [
        row("multi_task", "qa", 1, **measured(0.5)),
        row("multi_task", "qa", 2, **measured(0.7)),
        row("multi_task", "aveqa", 1, **measured(0.25)),
    ]
    for method, losses in (("qa-cls", [0.2, 0.4]), ("aveqa", [0.01])):
        history = [
            {"phase": "forgetting", "epoch": epoch, "loss": loss}
            for epoch, loss in enumerate(losses, start=1)
        ]
        history.append({"phase": "train", "epoch": 1.0, "loss": 9.0})
        rows.append(row("forgetting", method, 1, history=history))
    for value, f1 in ((5.0, 0.125), (0.0, 0.375)):
        more = {"changes": {"alpha": value}, "validation": measured(f1)}
        rows.append(row("alpha", "aveqa", 1, **more))
    attribute_report.write(rows, chosen, str(place))
    report = (place / "report.md").read_text()
    assert "Published: the distillation adds 5.9 % of QA's F1" in report
    mean = "0.600 ± 0.141"
    assert f"| qa | 2 | {mean} | {mean} | {mean} | {mean} |  |" in report
    assert "| aveqa | 1 | 0.250 | 0.250 | 0.250 | 0.250 |  |" in report
    assert "|  | epoch 1 | epoch 2 |" in report
    assert "(QA+CLS) | 0.200 | 0.400 |" in report
    assert "(AVEQA) | 0.010 |  |" in report
    lines = report.splitlines()
    of_alpha = lines.index("| 0 | 1 | 0.375 | 0.375 | 0.375 |")
    assert lines[of_alpha + 1] == "| 5 | 1 | 0.125 | 0.125 | 0.125 |"
    for name in ("forgetting", "study-alpha"):
        assert (place / f"{name}.svg").exists()


def test_every_set_of_the_conf_reads(real_data):
    document = config.read((EXPERIMENT,), [])
    sets = config.settings_of(CompareAttributes, document).sets
    n_rows = {
        name: len(labelled_of(str(real_data), chosen)) for name, chosen in sets.items()
    }
    assert n_rows == {  # regression pin, told in docs/results-attributes.md
        "ae-110k": 15745,
        "ae-110k-by-triple": 15745,
        "ae-zero-shot": 15745,
        "mave": 8781,
        "oa-mine": 7347,
        "wdc-pave-spans": 7896,
        "wdc-pave": 3256,
    }


def test_published_figures_are_fractions_whose_f1_fits():
    for of_set in PUBLISHED.values():
        for methods in of_set.values():
            for name, (precision, recall, f1) in methods.items():
                assert name in ("bilstm", "bilstm-crf", "opentag", "suopentag", "aveqa")
                by_hand = 2 * precision * recall / (precision + recall)
                assert f1 == pytest.approx(by_hand, abs=0.02)
    assert named_attributes("ae-zero-shot")[0] == "Frame Color"
    assert named_attributes(None) == []
    assert MULTI_TASK["ae-pub"]["aveqa"] == PUBLISHED["ae-pub"][""]["aveqa"][2]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "compare_attributes.data: None, expected the folder"),
        (("data=.",), "compare_attributes.sets: none, expected a conf such as"),
        (
            ("data=.", "sets.a={format: jsonl, files: [x]}", "studies=[alpha]"),
            "compare_attributes: set '', expected one of a",
        ),
        (
            ("data=.", "sets.a={format: jsonl, files: [x], publ: y}"),
            "compare_attributes.sets.a.publ: 'y', ",
        ),
    ],
)
def test_a_wrong_call_is_told_before_any_work(tmp_path, more, told):
    args = ["--out", str(tmp_path / "out")]
    for one in more:
        args += ["--set", f"compare_attributes.{one}"]
    done = CliRunner().invoke(compare_attributes.compare, args)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {told}")
    assert not (tmp_path / "out").exists()
