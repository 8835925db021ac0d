"""Values of a lake against a truth: what is counted and what is shown."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from jobs import config, lake
from jobs.config import SettingsError
from jobs.evaluate_attribute_values import (
    evaluate,
    examples,
    judged,
    lines,
    measure,
    shown,
    summary,
)
from pipelines.tables import ATTRIBUTE_VALUES, PRODUCTS

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEY = ("attribute", "true_verdict", "verdict", "is_true", "is_found", "n", "n_right")


def counts_of(*rows):
    """Rows of `value_counts`: what is right is in its place."""
    return [dict(zip(KEY, row, strict=True)) | {"n_in_place": row[-1]} for row in rows]


def row_of(**more):
    usual = {
        "product_id": "p1",
        "title": "A Kettle",
        "attribute": "power",
        "true_values": ["1500 watts"],
        "true_verdict": "agrees",
        "value": "1500 watts",
        "source": "bullet",
        "score": 0.914,
        "verdict": "agrees",
        "specified": "1500 W",
        "is_true": True,
        "is_found": True,
        "is_right": True,
        "is_in_place": True,
    }
    return usual | more


def test_a_wrong_value_costs_precision_and_recall_an_invented_one_precision_alone():
    found = summary(
        counts_of(
            ("color", "agrees", "agrees", True, True, 7, 6),
            ("color", None, "adds", False, True, 1, 0),
            ("power", "adds", None, True, False, 5, 0),
        )
    )
    assert (found["n_true"], found["n_found"], found["n_right"]) == (12, 8, 6)
    assert (found["precision"], found["recall"], found["f1"]) == (0.75, 0.5, 0.6)
    color, power = found["attributes"]["color"], found["attributes"]["power"]
    assert (color["precision"], color["recall"]) == (0.75, pytest.approx(6 / 7))
    assert (power["n_found"], power["recall"], power["f1"]) == (0, 0, 0)
    assert found["place_exactness"] == 0.75


def test_a_verdict_counts_where_value_and_verdict_are_right():
    found = summary(
        counts_of(
            ("color", "contradicts", "contradicts", True, True, 3, 2),
            ("color", "agrees", "contradicts", True, True, 1, 1),
            ("color", "contradicts", "agrees", True, True, 1, 1),
            ("power", None, "contradicts", False, True, 1, 0),
        )
    )
    assert found["verdict_accuracy"] == 0.5
    told = found["verdicts"]["contradicts"]
    assert (told["n_true"], told["n_found"], told["n_right"]) == (4, 5, 2)
    assert (told["precision"], told["recall"]) == (0.4, 0.5)
    assert found["verdicts"]["adds"]["n_true"] == 0


def test_nothing_found_measures_nothing():
    found = summary(counts_of(("color", "adds", None, True, False, 2, 0)))
    assert (found["precision"], found["recall"], found["f1"]) == (0, 0, 0)
    assert (found["place_exactness"], found["verdict_accuracy"]) == (0, 0)


def test_the_table_has_a_line_for_all_each_verdict_and_each_attribute():
    counts = counts_of(("color", "adds", "adds", True, True, 1_000, 750))
    told = lines({**summary(counts), "models": [["aveqa", "abc", 1_000]]})
    assert told[0] == "attribute_values against the truth (aveqa abc)"
    assert "| all | 1,000 | 1,000 | 750 | 0.7500 | 0.7500 | 0.7500 |" in told
    assert "| verdict adds | 1,000 | 1,000 | 750 | 0.7500 | 0.7500 | 0.7500 |" in told
    assert "| color | 1,000 | 1,000 | 750 | 0.7500 | 0.7500 | 0.7500 |" in told
    assert "| verdict agrees | 0 | 0 | 0 | 0.0000 | 0.0000 | 0.0000 |" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {},
            "  agrees      power: '1500 watts' (bullet, 0.91), the shop has '1500 W'",
        ),
        (
            {"verdict": "adds", "specified": None, "true_verdict": "adds"},
            "  adds        power: '1500 watts' (bullet, 0.91)",
        ),
        (
            {"verdict": "contradicts"},
            "  contradicts power: '1500 watts' (bullet, 0.91), the shop has '1500 W'"
            "   WRONG: it agrees",
        ),
        (
            {"is_right": False, "value": "1200 watts", "true_values": ["a", "b"]},
            "  agrees      power: '1200 watts' (bullet, 0.91), the shop has '1500 W'"
            "   WRONG: 'a' or 'b'",
        ),
        (
            {"is_true": False, "is_right": False, "specified": None, "verdict": "adds"},
            "  adds        power: '1500 watts' (bullet, 0.91)   WRONG: no text says so",
        ),
        (
            {"is_found": False, "is_right": False},
            "  none        power   MISSED: '1500 watts'",
        ),
    ],
)
def test_a_value_is_shown_with_its_verdict_and_what_is_wrong_with_it(more, told):
    assert shown([row_of(**more)]) == ["", "A Kettle", told]


def test_each_product_is_named_once():
    rows = [row_of(), row_of(attribute="color"), row_of(product_id="p2", title=None)]
    assert [line for line in shown(rows) if line[:1].strip()] == ["A Kettle", "p2"]


def test_a_truth_that_is_not_there_is_refused(tmp_path):
    done = CliRunner().invoke(
        evaluate, ["--truth", str(tmp_path / "none"), "--set", f"lake={tmp_path}"]
    )
    assert done.exit_code == 2
    assert "none: not found" in done.output


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory):
    """A lake with three values of two products, and the truth of them."""
    place = tmp_path_factory.mktemp("shop")
    lake_root = str(place / "lake")
    values = [
        ("p1", "power", "1500 watts", "bullet", "p1#0", 7, "contradicts", "900 W"),
        ("p1", "color", "red", "title", "p1", 2, "adds", None),
        ("p2", "color", "blue", "title", "p2", 0, "agrees", "blue"),
    ]
    rows = [
        (
            *(product, attribute, value, value, source, source_id, begin),
            *(begin + len(value), 0.75, 0, verdict, specified, "r", "m", "fp", NOW),
        )
        for product, attribute, value, source, source_id, begin, verdict, specified in (
            values
        )
    ]
    frame = spark.createDataFrame(rows, ATTRIBUTE_VALUES.schema)
    lake.insert(spark, frame, ATTRIBUTE_VALUES, lake_root)
    products = [
        {"product_id": "p1", "domain": "Kettles", "title": "A Red Kettle"},
        {"product_id": "p2", "domain": "Kettles", "title": "blue kettle"},
    ]
    full = [{name: row.get(name) for name in PRODUCTS.columns} for row in products]
    full = [row | {"source_file": "f"} for row in full]
    frame = spark.createDataFrame(full, PRODUCTS.schema)
    lake.insert(spark, frame, PRODUCTS, lake_root)
    mentions = [
        ("p1", "Power", "1500 watts", "bullet", 0, 7, 17, "contradicts"),
        ("p1", "Color", "Red", "title", 0, 2, 5, "adds"),
        ("p2", "color", "navy", "title", 0, 0, 4, "agrees"),
        ("p2", "ASIN", "p2", "title", 0, 0, 2, "agrees"),
    ]
    names = ("product_id", "attribute", "value", "source", "source_index")
    truth = place / "truth.jsonl"
    truth.write_text(
        "".join(
            json.dumps(dict(zip((*names, "begin", "end", "verdict"), row, strict=True)))
            + "\n"
            for row in mentions
        )
    )
    return lake_root, str(truth)


@pytest.mark.spark
def test_names_of_the_truth_are_made_normal_and_those_nobody_asks_are_missed(
    spark, shop
):
    root, truth = shop
    found = summary_of(spark, root, truth)
    assert (found["n_true"], found["n_found"], found["n_right"]) == (4, 3, 2)
    assert found["attributes"]["ASIN"]["n_true"] == 1
    assert found["attributes"]["color"]["n_right"] == 1
    assert found["verdicts"]["contradicts"]["f1"] == 1
    assert found["models"] == [["m", "fp", 3]]


def summary_of(spark, root, truth):
    document = config.read([], [f"lake={root}", "models=/m"])
    settings = config.settings_of(config.ChooseAttributes, document)
    return measure(spark, settings, truth)


@pytest.mark.spark
def test_examples_are_whole_products_contradictions_first_and_misses_last(spark, shop):
    root, truth = shop
    rows = examples(spark, root, truth, 2)
    told = {}
    for row in rows:
        told.setdefault(row["title"], []).append((row["attribute"], row["verdict"]))
    assert told == {
        "A Red Kettle": [("power", "contradicts"), ("color", "adds")],
        "blue kettle": [("color", "agrees"), ("ASIN", None)],
    }
    assert len({row["product_id"] for row in examples(spark, root, truth, 1)}) == 1


@pytest.mark.spark
def test_a_truth_without_rows_is_refused(spark, shop, tmp_path):
    root, _ = shop
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(SettingsError, match=r"empty\.jsonl: no true value"):
        judged(spark, root, str(empty))
