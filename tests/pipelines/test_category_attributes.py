"""What the products of a category are asked for."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from pipelines.category_attributes import (
    EVERY,
    asked_attributes,
    category_attributes,
    category_path,
    learnt_attributes,
    levels,
    root_category,
)
from pipelines.tables import ATTRIBUTE_LABELS, CATEGORY_ATTRIBUTES, PRODUCTS

pytestmark = pytest.mark.spark
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ADDED = "category string, attribute string"


def labels_of(spark, rows):
    """From (product, category, attribute, source_id, value, specified if not its own).

    Attributes have values of their own, so that none shares them.
    """
    place = {True: (0, 1), False: (None, None)}
    full = [
        (
            *(p, "d", c, a, "bullet", s, *(said or (f"{a} of it",))),
            *(v, *place[bool(v)], True, "h", "v"),
        )
        for p, c, a, s, v, *said in rows
    ]
    return spark.createDataFrame(full, ATTRIBUTE_LABELS.schema)


def products_of(spark, rows):
    """From (product, domain, category path)."""
    full = [(p, d, c, "T", None, None, [], [], {}, "f") for p, d, c in rows]
    return spark.createDataFrame(full, PRODUCTS.schema)


def asked_of_categories(spark, rows):
    """From (category, attribute, n_products, is_added, shares_with if any)."""
    full = [
        (c, a, n, 0, is_added, *(shares or ([],)), NOW)
        for c, a, n, is_added, *shares in rows
    ]
    return spark.createDataFrame(full, CATEGORY_ATTRIBUTES.schema)


LIMITS = {
    "min_products": 1,
    "min_attribute_products": 1,
    "min_share": 0.0,
    "min_found": 0,
    "min_shared": 0.5,
    "max_attributes": 9,
}


def rows_of(labels, **changes):
    limits = {**LIMITS, **changes}
    return learnt_attributes(labels, normal_values=F.lower, **limits).collect()


def learnt(labels, **changes):
    rows = rows_of(labels, **changes)
    assert all(row.shares_with is None for row in rows)
    return {(r.category, r.attribute): (r.n_products, r.n_found) for r in rows}


def test_the_path_of_a_product_begins_with_its_domain(spark):
    expected = [
        (1, "Kitchen", ["Kitchen", "Kettles"], "Kitchen > Kettles"),
        (2, "file", ["Kitchen", "Kettles"], "file > Kitchen > Kettles"),
        (3, "file", [], "file"),
        (4, "file", None, "file"),
        (5, "Kitchen", ["Kitchen", None, " ", "Kettles"], "Kitchen > Kettles"),
    ]
    schema = "n int, domain string, category array<string>, expected string"
    path = category_path(F.col("domain"), F.col("category"))
    rows = spark.createDataFrame(expected, schema).select(
        "n", "expected", path.alias("path"), root_category(path).alias("root"), "domain"
    )
    for row in rows.collect():
        assert (row.path, row.root) == (row.expected, row.domain), row.n


def test_every_level_of_a_path_is_a_category_with_the_wider_ones(spark):
    (row,) = spark.range(1).select(levels(F.lit("A > B > C"))).collect()
    assert row[0] == ["A", "A > B", "A > B > C"]


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_product_counts_once_however_many_texts_hold_its_value(spark, partitions):
    labels = labels_of(
        spark,
        [
            ("p1", "A > B", "colour", "p1#0", "red"),
            ("p1", "A > B", "colour", "p1#1", "red"),
            ("p1", "A > B", "size", "p1#0", None),
            ("p2", "A > B", "colour", "p2#0", None),
            ("p3", "A", "colour", "p3#0", "blue"),
        ],
    ).repartition(partitions)
    assert learnt(labels) == {
        ("A", "colour"): (3, 2),
        ("A", "size"): (1, 0),
        ("A > B", "colour"): (2, 1),
        ("A > B", "size"): (1, 0),
    }


def test_a_category_of_few_products_and_a_rare_attribute_are_left_out(spark):
    labels = labels_of(
        spark,
        [
            ("p1", "A > B", "colour", "p1", "red"),
            ("p2", "A > C", "colour", "p2", "red"),
            ("p3", "A > C", "size", "p3", "long"),
            ("p4", "A > C", "weight", "p4", None),
            ("p5", "A > C", "weight", "p5", None),
        ],
    )
    assert set(learnt(labels, min_products=3)) == {
        (category, attribute)
        for category in ("A", "A > C")
        for attribute in ("colour", "size", "weight")
    }
    rare = learnt(labels, min_products=3, min_attribute_products=2)
    assert set(rare) == {("A", "colour"), ("A", "weight"), ("A > C", "weight")}
    found = learnt(labels, min_attribute_products=2, min_found=1)
    assert set(found) == {("A", "colour")}


def test_the_most_listed_attributes_are_kept_and_ties_go_to_what_texts_hold(spark):
    rows = [
        ("p1", "A", "b", "p1", None),
        ("p1", "A", "c", "p1", "red"),
        ("p1", "A", "d", "p1", "red"),
        ("p2", "A", "a", "p2", None),
        ("p1", "A", "a", "p1", None),
    ]
    labels = labels_of(spark, rows)
    assert set(learnt(labels, max_attributes=3)) == {
        ("A", "a"),
        ("A", "c"),
        ("A", "d"),
    }
    assert set(learnt(labels, max_attributes=2)) == {("A", "a"), ("A", "c")}


def test_an_attribute_of_a_small_share_of_a_category_is_left_out_there(spark):
    rows = [(f"p{n}", "A", "colour", "x", "red") for n in range(10)]
    rows += [("p0", "A > B", "voltage", "x", "9 V"), ("p1", "A", "voltage", "x", None)]
    labels = labels_of(spark, rows)
    of_a = {("A", "colour"): (10, 10), ("A", "voltage"): (2, 1)}
    of_b = {("A > B", "voltage"): (1, 1)}
    assert learnt(labels, min_share=0.2) == {**of_a, **of_b}
    assert learnt(labels, min_share=0.21) == {("A", "colour"): (10, 10), **of_b}


def shared(labels, **changes):
    rows = rows_of(labels, **changes)
    return {(r.category, r.attribute): r.shares_with for r in rows if r.shares_with}


@pytest.mark.parametrize("partitions", [1, 3])
def test_attributes_share_where_the_shop_mostly_gives_them_one_value(spark, partitions):
    """Of four products with both three have one value; the fourth lacks one."""
    said = [("Acme", "ACME"), ("Bolt", "bolt"), ("Cog", "cog"), ("Dash", "Dot")]
    rows = [("p9", "A", "brand", "x", None, "Ever")]
    for n, (brand, maker) in enumerate(said):
        rows.append((f"p{n}", "A > B", "brand", "x", None, brand))
        rows.append((f"p{n}", "A > B", "brand", "y", None, brand))
        rows.append((f"p{n}", "A > B", "maker", "x", None, maker))
        rows.append((f"p{n}", "A > B", "colour", "x", None, "red"))
    rows.append(("p0", "A > B", "material", "x", None, "acme"))
    labels = labels_of(spark, rows).repartition(partitions)
    pair = {"brand": ["maker"], "maker": ["brand"]}
    expected = {(level, a): b for level in ("A", "A > B") for a, b in pair.items()}
    limits = {"min_attribute_products": 2}
    assert shared(labels, min_shared=0.75, **limits) == expected
    assert shared(labels, min_shared=0.76, **limits) == {}
    assert shared(labels, min_attribute_products=4) == {}
    once = shared(labels, min_shared=0.5, min_attribute_products=1)
    assert once["A", "brand"] == ["maker", "material"]
    # Of the attributes that are kept.
    kept = shared(labels, min_attribute_products=2, max_attributes=1)
    assert kept == {}


def test_no_label_teaches_nothing(spark):
    assert learnt(labels_of(spark, [])) == {}


def test_conf_adds_attributes_and_marks_those_that_were_learnt_too(spark):
    known = spark.createDataFrame(
        [("A", "colour", 5, 3, ["finish"]), ("A", "size", 4, 2, None)],
        "category string, attribute string, n_products bigint, n_found bigint,"
        " shares_with array<string>",
    )
    by_conf = [("A", "colour"), ("A", "glow"), ("A", "glow"), (EVERY, "scent")]
    added = spark.createDataFrame(by_conf, ADDED)
    rows = category_attributes(known, added, built_at=F.lit(NOW))
    assert rows.columns == CATEGORY_ATTRIBUTES.columns
    found = {(r.category, r.attribute): tuple(r)[2:6] for r in rows.collect()}
    assert found == {
        ("A", "colour"): (5, 3, True, ["finish"]),
        ("A", "size"): (4, 2, False, []),
        ("A", "glow"): (0, 0, True, []),
        (EVERY, "scent"): (0, 0, True, []),
    }
    assert rows.count() == 4


def asked(spark, products, categories, partitions=2):
    rows = asked_attributes(
        products_of(spark, products).repartition(partitions),
        asked_of_categories(spark, categories),
    )
    return {row.product_id: row.attributes for row in rows.collect()}


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_product_is_asked_what_its_deepest_known_category_has(spark, partitions):
    categories = [
        ("A", "colour", 9, False),
        ("A", "size", 9, False),
        ("A > B", "lid", 5, False),
        ("A > B", "colour", 5, False),
    ]
    products = [
        ("deep", "A", ["A", "B"]),
        ("deeper", "A", ["A", "B", "unknown"]),
        ("wide", "A", ["A", "other"]),
        ("bare", "A", None),
        ("elsewhere", "Z", ["Z"]),
    ]
    assert asked(spark, products, categories, partitions) == {
        "deep": ["colour", "lid"],
        "deeper": ["colour", "lid"],
        "wide": ["colour", "size"],
        "bare": ["colour", "size"],
    }


def test_what_conf_adds_is_asked_besides_and_makes_no_category_known(spark):
    categories = [
        ("A", "colour", 9, False),
        ("A > B", "glow", 0, True),
        ("A", "size", 9, True),
        (EVERY, "scent", 0, True),
    ]
    products = [("p", "A", ["A", "B"]), ("q", "Z", []), ("r", "A", [])]
    assert asked(spark, products, categories) == {
        "p": ["colour", "glow", "scent", "size"],
        "q": ["scent"],
        "r": ["colour", "scent", "size"],
    }


def test_what_may_share_is_that_of_the_deepest_category(spark):
    categories = [
        ("A", "brand", 9, False, ["maker", "seller"]),
        ("A", "maker", 9, False, ["brand"]),
        ("A > B", "brand", 5, False, ["maker"]),
        ("A > B", "glow", 0, True, []),
        (EVERY, "scent", 0, True, []),
    ]
    rows = asked_attributes(
        products_of(
            spark, [("deep", "A", ["A", "B"]), ("wide", "A", []), ("other", "Z", [])]
        ),
        asked_of_categories(spark, categories),
    )
    told = {row.product_id: sorted(map(tuple, row.sharing)) for row in rows.collect()}
    assert told == {
        "deep": [("brand", "maker")],
        "wide": [("brand", "maker"), ("brand", "seller"), ("maker", "brand")],
        "other": [],
    }


def test_a_table_of_a_former_version_has_no_attributes_that_share(spark):
    categories = [("A", "brand", 9, False, None)]
    rows = asked_attributes(
        products_of(spark, [("p", "A", [])]), asked_of_categories(spark, categories)
    )
    assert [row.sharing for row in rows.collect()] == [[]]


def test_without_products_or_categories_nothing_is_asked(spark):
    assert asked(spark, [], [("A", "colour", 9, False)]) == {}
    assert asked(spark, [("p", "A", [])], []) == {}
