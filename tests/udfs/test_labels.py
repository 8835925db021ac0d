"""The adapters of labels and of normal values."""

import hashlib

import pytest
from pyspark.sql import functions as F

from pipelines.tables import ATTRIBUTE_LABELS
from udfs.labels import (
    SCHEMA,
    agreeing,
    attribute_labels,
    normal_values,
    stated_values,
)

PRODUCTS = (
    "product_id string, domain string, category string, title string,"
    " bullets array<string>, descriptions array<string>,"
    " specifications map<string,string>, brand string"
)
KETTLE = (
    "p1", "Kitchen", "Kitchen > Kettles", "🫖 Acme kettle, 1.5L",
    ["Steel body", None, "Holds 1.5 liters"], ["Steel body"],
    {"Capacity": "1.5 l", "Material": "steel", "ASIN": "p1", "Color": "red"}, "Acme",
)  # fmt: skip
BARE = ("p2", "All", "All", None, None, None, None, None)
BRANDED = ("p3", "All", "All", "Mug by Beta", [], [], {"Brand Name": "beta"}, "Gamma")


def labels_of(spark, rows, partitions=1):
    products = spark.createDataFrame(rows, PRODUCTS).repartition(partitions)
    return products.mapInArrow(attribute_labels(n_negatives=0), SCHEMA)


@pytest.mark.spark
@pytest.mark.parametrize("partitions", [1, 3])
def test_a_product_becomes_its_labels(spark, partitions):
    found = labels_of(spark, [KETTLE, BARE, BRANDED], partitions)
    rows = found.select(
        "product_id", "attribute", "source", "source_id", "value", "begin", "end"
    )
    assert {tuple(row) for row in rows.collect()} == {
        ("p1", "brand name", "title", "p1", "Acme", 2, 6),
        ("p1", "capacity", "title", "p1", "1.5L", 15, 19),
        ("p1", "capacity", "bullet", "p1#2", "1.5 liters", 6, 16),
        ("p1", "color", "title", "p1", None, None, None),
        ("p1", "material", "bullet", "p1#0", "Steel", 0, 5),
        ("p1", "material", "description", "p1#0", "Steel", 0, 5),
        ("p3", "brand name", "title", "p3", "Beta", 7, 11),
    }


@pytest.mark.spark
def test_rows_are_those_of_the_table(spark):
    found = labels_of(spark, [KETTLE])
    declared = [(one.name, one.dataType) for one in ATTRIBUTE_LABELS.schema]
    assert [(one.name, one.dataType) for one in found.schema] == declared
    said = {(row.specified, row.context, row.context_hash) for row in found.collect()}
    steel = hashlib.sha256(b"Steel body").hexdigest()
    assert ("steel", "Steel body", steel) in said
    assert {row.category for row in found.collect()} == {"Kitchen > Kettles"}
    by_spark = found.select("context_hash", F.sha2("context", 256).alias("expected"))
    assert all(row.context_hash == row.expected for row in by_spark.collect())


@pytest.mark.spark
def test_no_products_give_no_rows(spark):
    assert labels_of(spark, []).collect() == []


@pytest.mark.spark
def test_values_become_their_canonical_forms(spark):
    values = spark.createDataFrame(
        [("Grey",), ("12 in.",), ("TRUE",), (None,), (" ",)], "value string"
    )
    rows = values.select("value", normal_values("value").alias("form")).collect()
    assert {row.value: row.form for row in rows} == {
        "Grey": "gray",
        "12 in.": "30.48 cm",
        "TRUE": "yes",
        None: None,
        " ": "",
    }


@pytest.mark.spark
def test_a_product_states_also_what_no_text_is_asked_for(spark):
    long = "powder-coated steel with a seat of breathable mesh and foam padding"
    rows = [
        ({"Frame": long, "Weight": "5", "Color": "n/a"}, "Acme"),
        ({"Brand Name": "Beta"}, "Acme"),
        ({}, None),
        (None, None),
    ]
    products = spark.createDataFrame(
        rows, "specifications map<string,string>, brand string"
    )
    stated = products.select(stated_values("specifications", "brand").alias("all"))
    assert [row["all"] for row in stated.collect()] == [
        {"brand name": "Acme", "frame": long, "weight": "5"},
        {"brand name": "Beta"},
        {},
        {},
    ]


@pytest.mark.spark
def test_values_are_held_to_what_is_specified(spark):
    rows = [("12 in", "30.5 cm"), ("12 in", "12 cm"), ("red", None)]
    values = spark.createDataFrame(rows, "found string, specified string")
    told = values.select(agreeing("found", "specified").alias("is_same")).collect()
    assert [row.is_same for row in told] == [True, False, None]
