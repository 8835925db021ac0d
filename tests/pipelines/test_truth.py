"""Values of the lake beside the true ones."""

import datetime as dt

import pytest

from pipelines.tables import ATTRIBUTE_VALUES
from pipelines.truth import judged_passages, judged_values, value_counts

pytestmark = pytest.mark.spark
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TRUTH = (
    "product_id string, attribute string, value string, source string,"
    " source_index int, begin int, end int, verdict string"
)
MENTIONS = [
    ("p1", "color", "Smoke Gray", "title", 0, 4, 14, "agrees"),
    ("p1", "color", "smoke grey", "bullet", 2, 7, 17, "agrees"),
    ("p1", "power", "1500 watts", "bullet", 0, 7, 17, "contradicts"),
    ("p2", "color", "pearl red", "description", 1, 0, 9, "adds"),
]


def truth_of(spark, rows):
    return spark.createDataFrame(rows, TRUTH)


def values_of(spark, rows):
    """Rows of (product, attribute, value, source, source_id, begin, verdict)."""
    full = [
        (
            *(product, attribute, value, value.lower(), source, source_id, begin),
            *(begin + len(value), 0.75, 0, verdict, "shop", "r", "m", "fp", NOW),
        )
        for product, attribute, value, source, source_id, begin, verdict in rows
    ]
    return spark.createDataFrame(full, ATTRIBUTE_VALUES.schema)


def judged_of(spark, mentions, values):
    rows = judged_values(truth_of(spark, mentions), values_of(spark, values)).collect()
    found = {(row.product_id, row.attribute): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_value_is_right_in_any_true_spelling_whatever_its_case(spark, partitions):
    values = [
        ("p1", "color", "smoke  GREY", "title", "p1", 0, "agrees"),
        ("p1", "power", "1200 watts", "bullet", "p1#0", 7, "agrees"),
    ]
    judged = judged_values(
        truth_of(spark, MENTIONS).repartition(partitions),
        values_of(spark, values).repartition(partitions),
    )
    told = {
        (row.product_id, row.attribute): (row.is_true, row.is_found, row.is_right)
        for row in judged.collect()
    }
    assert told == {
        ("p1", "color"): (True, True, True),
        ("p1", "power"): (True, True, False),
        ("p2", "color"): (True, False, False),
    }


@pytest.mark.parametrize(
    ("source", "source_id", "begin", "is_in_place"),
    [
        ("title", "p1", 4, True),
        ("title", "p1", 5, False),
        ("bullet", "p1#2", 7, True),
        ("bullet", "p1#1", 7, False),
        ("description", "p1#2", 7, False),
    ],
)
def test_a_place_is_source_text_and_characters(
    spark, source, source_id, begin, is_in_place
):
    values = [("p1", "color", "smoke gray", source, source_id, begin, "agrees")]
    row = judged_of(spark, MENTIONS, values)["p1", "color"]
    assert (row.is_right, row.is_in_place) == (True, is_in_place)


def test_what_the_truth_lacks_and_what_nobody_found_are_both_there(spark):
    values = [("p9", "color", "red", "title", "p9", 0, "adds")]
    judged = judged_of(spark, MENTIONS[3:], values)
    invented, missed = judged["p9", "color"], judged["p2", "color"]
    assert (invented.is_true, invented.is_found, invented.is_right) == (
        False,
        True,
        False,
    )
    assert (invented.true_values, invented.value) == (None, "red")
    assert (missed.is_true, missed.is_found, missed.is_right) == (True, False, False)
    assert (missed.true_values, missed.true_verdict) == (["pearl red"], "adds")
    assert (missed.value, missed.verdict, missed.is_in_place) == (None, None, False)


def test_a_mention_told_twice_counts_once(spark):
    judged = judged_of(spark, MENTIONS[:2] * 2, [])
    assert judged["p1", "color"].true_values == ["Smoke Gray", "smoke grey"]


def test_counts_tell_kinds_apart_and_nothing_gives_no_rows(spark):
    values = [
        ("p1", "color", "Smoke Gray", "title", "p1", 4, "agrees"),
        ("p1", "power", "1500 watts", "title", "p1", 4, "adds"),
        ("p9", "color", "red", "title", "p9", 0, "adds"),
    ]
    judged = judged_values(truth_of(spark, MENTIONS), values_of(spark, values))
    rows = {tuple(row) for row in value_counts(judged).collect()}
    assert rows == {
        ("color", "agrees", "agrees", True, True, 1, 1, 1),
        ("power", "contradicts", "adds", True, True, 1, 1, 0),
        ("color", "adds", None, True, False, 1, 0, 0),
        ("color", None, "adds", False, True, 1, 0, 0),
    }
    empty = judged_values(truth_of(spark, []), values_of(spark, []))
    assert value_counts(empty).collect() == []


def test_the_first_true_passage_of_a_question_counts(spark):
    def frame(schema, *rows):
        return spark.createDataFrame([*rows], schema).repartition(3)

    pair = "product_id string, question string, sentence string"
    truth = frame(
        pair,
        ("p", "red?", "It is red."),
        ("p", "red?", "Red indeed."),
        ("p", "big?", "It is big."),
        ("p", "old?", "Lost by the splitter."),
        ("r", "red?", "It is red."),
    )
    questions = frame(
        "product_id string, question_id string, text string",
        ("p", "q1", "red?"),
        ("p", "q2", "big?"),
        ("p", "q3", "old?"),
        ("p", "q4", "red?"),
        ("r", "q5", "new?"),
    )
    sentences = frame(
        "product_id string, text string",
        ("p", "It is red."),
        ("p", "Red indeed."),
        ("p", "It is big."),
        ("r", "It is red."),
    )
    passages = frame(
        "question_id string, rank int, passage string",
        ("q1", 1, "Blue."),
        ("q1", 2, "Red indeed."),
        ("q1", 3, "It is red."),
        ("q2", 1, "It is red."),
        ("q4", 1, "It is red."),
    )
    found = judged_passages(truth, passages, questions, sentences)
    ranks = {row.question_id: row["rank"] for row in found.collect()}
    assert ranks == {"q1": 2, "q2": None, "q4": 1}
