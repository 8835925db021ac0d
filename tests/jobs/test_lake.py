"""Tables: created as declared, written by difference, refused when wrong."""

from dataclasses import replace

import pytest
from delta.exceptions.base import ConcurrentAppendException
from delta.tables import DeltaTable
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from jobs import lake
from jobs.lake import LakeError, Written
from pipelines.tables import ANSWER_SCORES, PRODUCTS, TABLES

pytestmark = pytest.mark.spark


def products(spark, *rows):
    full = [
        (product_id, "d", ["c"], title, None, 1.0, [], [], {"b": "1", "a": "2"}, file)
        for product_id, title, file in rows
    ]
    return spark.createDataFrame(full, PRODUCTS.schema)


def titles(spark, root):
    return {
        row.product_id: row.title for row in lake.read(spark, PRODUCTS, root).collect()
    }


def test_a_table_is_created_with_its_comments_constraints_and_clustering(
    spark, lake_root
):
    lake.create(spark, ANSWER_SCORES, lake_root)
    table = DeltaTable.forPath(spark, lake.path(lake_root, ANSWER_SCORES))
    detail = table.detail().first()
    assert detail["description"] == ANSWER_SCORES.comment
    assert detail["clusteringColumns"] == ["question_hash"]
    assert detail["properties"]["delta.enableChangeDataFeed"] == "true"
    assert detail["properties"]["delta.constraints.score_range"] == (
        "score >= 0 AND score <= 1"
    )
    assert detail["minReaderVersion"] == 1
    stored = table.toDF().schema
    comments = [column.metadata["comment"] for column in stored]
    assert comments == [column.metadata["comment"] for column in ANSWER_SCORES.schema]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_declared_table_can_be_created_twice(spark, lake_root, table):
    lake.create(spark, table, lake_root)
    lake.create(spark, table, lake_root)
    assert lake.version(spark, table, lake_root) == 0
    assert lake.read(spark, table, lake_root).columns == table.columns


def test_the_newest_version_is_that_of_any_writers_last_commit(spark, tmp_path):
    root = str(tmp_path / "a lake")
    assert lake.version(spark, PRODUCTS, root) == -1
    lake.create(spark, PRODUCTS, root)
    assert lake.version(spark, PRODUCTS, root) == 0
    place = lake.path(root, PRODUCTS)
    rows = products(spark, ("p1", "one", "f")).select(*PRODUCTS.columns)
    rows.write.format("delta").mode("append").save(place)
    history = DeltaTable.forPath(spark, place).history(1).collect()[0]["version"]
    assert lake.version(spark, PRODUCTS, root) == history == 1


def test_a_delta_without_that_log_tells_the_version_by_its_history(
    spark, lake_root, monkeypatch
):
    lake.create(spark, PRODUCTS, lake_root)
    rows = products(spark, ("p1", "one", "f"))
    lake.replace(spark, rows, PRODUCTS, lake_root)
    monkeypatch.setattr(lake, "_delta_log", lambda spark: spark._jvm.no.such.DeltaLog)
    assert lake.version(spark, PRODUCTS, lake_root) == 1


def test_a_table_of_an_earlier_version_gets_the_columns_declared_since(
    spark, lake_root
):
    columns = [one for one in PRODUCTS.schema if one.name != "title"]
    earlier = replace(PRODUCTS, schema=StructType(columns))
    rows = products(spark, ("p1", "one", "f"), ("p2", "two", "f"))
    lake.replace(spark, rows.drop("title"), earlier, lake_root)
    lake.create(spark, PRODUCTS, lake_root)
    assert titles(spark, lake_root) == {"p1": None, "p2": None}
    stored = DeltaTable.forPath(spark, lake.path(lake_root, PRODUCTS)).toDF().schema
    assert stored["title"].metadata == PRODUCTS.schema["title"].metadata
    assert lake.replace(spark, rows, PRODUCTS, lake_root) == Written(n_updated=2)
    assert titles(spark, lake_root) == {"p1": "one", "p2": "two"}


def test_a_write_commits_differences_and_nothing_where_there_are_none(spark, lake_root):
    first = products(spark, ("p1", "one", "f"), ("p2", "two", "f"))
    assert lake.replace(spark, first, PRODUCTS, lake_root) == Written(n_inserted=2)
    assert lake.version(spark, PRODUCTS, lake_root) == 1
    again = products(spark, ("p2", "two", "other file"), ("p1", "one", "f"))
    assert lake.replace(spark, again, PRODUCTS, lake_root) == Written(n_unchanged=2)
    assert lake.version(spark, PRODUCTS, lake_root) == 1
    new = products(spark, ("p1", "ONE", "f"), ("p3", "three", "f"))
    written = lake.replace(spark, new, PRODUCTS, lake_root)
    assert written == Written(n_inserted=1, n_updated=1, n_deleted=1)
    assert titles(spark, lake_root) == {"p1": "ONE", "p3": "three"}
    feed = lake.change_feed(spark, PRODUCTS, lake_root, since=1)
    assert {row.product_id for row in feed.collect()} == {"p1", "p2", "p3"}


def test_a_slice_leaves_other_products_alone(spark, lake_root):
    lake.replace(
        spark, products(spark, ("p1", "1", "f"), ("p2", "2", "f")), PRODUCTS, lake_root
    )
    scope = spark.createDataFrame([("p2",), ("p3",)], "product_id string")
    new = products(spark, ("p3", "3", "f"))
    written = lake.replace(spark, new, PRODUCTS, lake_root, products=scope)
    assert written == Written(n_inserted=1, n_deleted=1)
    assert titles(spark, lake_root) == {"p1": "1", "p3": "3"}


def test_a_key_given_twice_is_refused_and_nothing_is_written(spark, lake_root):
    twice = products(spark, ("p1", "a", "f"), ("p1", "b", "f"))
    with pytest.raises(LakeError, match="occurs twice"):
        lake.replace(spark, twice, PRODUCTS, lake_root)
    assert titles(spark, lake_root) == {}


def test_another_type_or_a_missing_column_is_refused(spark, lake_root):
    rows = products(spark, ("p1", "a", "f"))
    with pytest.raises(LakeError, match=r"products: no column title"):
        lake.replace(spark, rows.drop("title"), PRODUCTS, lake_root)
    wrong = rows.withColumn("price", F.lit("1"))
    with pytest.raises(
        LakeError, match=r"products\.price: type string, expected double"
    ):
        lake.replace(spark, wrong, PRODUCTS, lake_root)


def test_a_broken_constraint_stops_the_whole_write(spark, lake_root):
    good = products(spark, ("p1", "a", "f"), ("p2", "b", "f"))
    bad = good.withColumn("price", F.when(F.col("product_id") == "p2", -1.0))
    with pytest.raises(Exception, match="price_range"):
        lake.replace(spark, bad, PRODUCTS, lake_root)
    assert titles(spark, lake_root) == {}


def test_a_commit_in_another_writers_way_is_tried_again(monkeypatch):
    monkeypatch.setattr("jobs.lake.time.sleep", lambda _: None)
    attempts = []

    def commit(n_conflicts):
        attempts.append(1)
        if len(attempts) <= n_conflicts:
            raise ConcurrentAppendException("another writer was faster")

    lake._commit(lambda: commit(2))
    assert len(attempts) == 3
    attempts.clear()
    with pytest.raises(ConcurrentAppendException):
        lake._commit(lambda: commit(99))
    assert len(attempts) == 5


def test_inserting_again_adds_nothing(spark, lake_root):
    rows = spark.createDataFrame(
        [("q", "s", "fp", 0.5, None)], ANSWER_SCORES.schema
    ).persist()
    assert lake.insert(spark, rows, ANSWER_SCORES, lake_root) == 1
    lake.insert(spark, rows.withColumn("score", F.lit(0.9)), ANSWER_SCORES, lake_root)
    stored = lake.read(spark, ANSWER_SCORES, lake_root).collect()
    assert [row.score for row in stored] == [0.5]
