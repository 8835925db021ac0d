"""The differences between new and stored rows."""

import pytest

from pipelines.changes import differences

pytestmark = pytest.mark.spark
SCHEMA = "k string, v string, m map<string,string>, run string"


def changes(spark, new, stored, *, keeps_missing=False):
    rows = differences(
        spark.createDataFrame(new, SCHEMA),
        spark.createDataFrame(stored, SCHEMA),
        key=("k",),
        ignored=("run",),
        keeps_missing=keeps_missing,
    )
    return {row["k"]: row["_change"] for row in rows.collect()}


def test_each_kind_of_change_is_named(spark):
    stored = [
        ("same", "1", {}, "r1"),
        ("new text", "1", {}, "r1"),
        ("gone", "1", {}, ""),
    ]
    new = [
        ("same", "1", {}, "r2"),
        ("new text", "2", {}, "r2"),
        ("come", "1", {}, "r2"),
    ]
    assert changes(spark, new, stored) == {
        "same": "unchanged",
        "new text": "update",
        "gone": "delete",
        "come": "insert",
    }


def test_an_upsert_leaves_rows_without_a_new_one_alone(spark):
    stored = [("a", "1", {}, ""), ("b", "1", {}, "")]
    assert changes(spark, stored[:1], stored, keeps_missing=True) == {"a": "unchanged"}


def test_a_map_has_no_order_and_a_null_is_a_value(spark):
    stored = [("a", "1", {"x": "1", "y": "2"}, ""), ("b", None, None, "")]
    new = [("a", "1", {"y": "2", "x": "1"}, ""), ("b", "", None, "")]
    assert changes(spark, new, stored) == {"a": "unchanged", "b": "update"}


def test_a_key_given_twice_can_be_seen(spark):
    twice = spark.createDataFrame([("a", "1", {}, ""), ("a", "2", {}, "")], SCHEMA)
    rows = differences(
        twice, twice.limit(0), key=("k",), ignored=(), keeps_missing=False
    )
    assert [row["_n_same_key"] for row in rows.collect()] == [2, 2]


def test_the_order_of_the_columns_does_not_count(spark):
    new = spark.createDataFrame([("a", "1", {"x": "y"}, "")], SCHEMA)
    rows = differences(
        new,
        new.select("run", "m", "v", "k"),
        key=("k",),
        ignored=("run",),
        keeps_missing=False,
    )
    assert [row["_change"] for row in rows.collect()] == ["unchanged"]
