"""A product's texts, what was not looked for in them, and the best value."""

import datetime as dt
import hashlib
import random
import re

import pytest
from pyspark.sql import functions as F

from pipelines.attributes import (
    choose_attributes,
    missing_examples,
    product_texts,
    specified_values,
)
from pipelines.lanes import LANES
from pipelines.tables import (
    ATTRIBUTE_SOURCES,
    ATTRIBUTE_SPANS,
    ATTRIBUTE_VALUES,
    PRODUCTS,
    REVIEWS,
    VERDICTS,
)

pytestmark = pytest.mark.spark
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TEXTS = "product_id string, source string, source_id string, context_hash string"
ASKED = (
    "product_id string, attributes array<string>,"
    " sharing array<struct<attribute: string, other: string>>"
)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def products_of(spark, rows):
    """From (product, title, bullets, descriptions)."""
    full = [(p, "d", [], t, None, None, b, d, {}, "f") for p, t, b, d in rows]
    return spark.createDataFrame(full, PRODUCTS.schema)


def reviews_of(spark, rows):
    """From (review, product, text)."""
    full = [(r, p, None, None, None, None, "d", "f", "sum", t) for r, p, t in rows]
    return spark.createDataFrame(full, REVIEWS.schema)


def texts_of(spark, rows):
    """From (product, source, source_id, context)."""
    full = [(p, s, i, f"h {text}", text) for p, s, i, text in rows]
    return spark.createDataFrame(full, f"{TEXTS}, context string")


def spans_of(spark, rows):
    """From (context, attribute, value, score)."""
    full = []
    for context, attribute, value, score in rows:
        begin = None if value is None else context.index(value)
        end = None if value is None else begin + len(value)
        full.append((f"h {context}", attribute, "fp", value, begin, end, score, NOW))
    return spark.createDataFrame(full, ATTRIBUTE_SPANS.schema)


# ---- texts ----


@pytest.mark.parametrize("partitions", [1, 3])
def test_the_texts_of_a_product_are_named_and_hashed_and_none_is_blank(
    spark, partitions
):
    products = products_of(
        spark,
        [
            ("p", "Title é", ["one", None, " ", "four"], ["said"]),
            ("q", None, None, None),
            ("r", "", [], ["one"]),
        ],
    ).repartition(partitions)
    reviews = reviews_of(spark, [("rev", "p", "my words")])
    texts = product_texts(products, reviews, sources=ATTRIBUTE_SOURCES).collect()
    assert sorted(tuple(row) for row in texts) == [
        ("p", "bullet", "p#0", sha("one"), "one"),
        ("p", "bullet", "p#3", sha("four"), "four"),
        ("p", "description", "p#0", sha("said"), "said"),
        ("p", "review", "rev", sha("my words"), "my words"),
        ("p", "title", "p", sha("Title é"), "Title é"),
        ("r", "description", "r#0", sha("one"), "one"),
    ]


def test_only_the_wanted_sources_give_texts(spark):
    products = products_of(spark, [("p", "T", ["b"], ["d"])])
    reviews = reviews_of(spark, [("rev", "p", "r"), ("sole", "unknown", "r")])
    for sources in (("title",), ("bullet", "review"), ("description",)):
        rows = product_texts(products, reviews, sources=sources).collect()
        assert {row.source for row in rows} == set(sources)
    nobody = product_texts(
        products_of(spark, []), reviews_of(spark, []), sources=ATTRIBUTE_SOURCES
    )
    assert nobody.collect() == []


# ---- what is missing ----


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_text_is_read_once_for_all_that_any_of_its_products_is_asked(
    spark, partitions
):
    texts = texts_of(
        spark,
        [
            ("p", "title", "p", "same"),
            ("p", "bullet", "p#0", "same"),
            ("q", "title", "q", "same"),
            ("q", "bullet", "q#0", "other"),
            ("unasked", "title", "unasked", "silent"),
        ],
    ).repartition(partitions)
    asked = spark.createDataFrame([("p", ["a", "b"], []), ("q", ["b", "c"], [])], ASKED)
    spans = spans_of(spark, [("same", "b", None, 0.0), ("other", "b", "other", 0.9)])
    rows = missing_examples(texts, asked, spans).collect()
    found = {row.context_hash: (row.context, row.attributes) for row in rows}
    assert len(rows) == 2
    assert found == {"h same": ("same", ["a", "c"]), "h other": ("other", ["c"])}
    assert all(0 <= row.lane < LANES for row in rows)


def test_a_text_that_was_read_for_everything_is_not_missing(spark):
    texts = texts_of(spark, [("p", "title", "p", "x")])
    asked = spark.createDataFrame([("p", ["a"], [])], ASKED)
    spans = spans_of(spark, [("x", "a", None, 0.0), ("x", "z", None, 0.0)])
    assert missing_examples(texts, asked, spans).collect() == []
    none = missing_examples(texts.limit(0), asked, spans.limit(0))
    assert none.collect() == []


# ---- the best value ----


def specified_of(spark, rows):
    return spark.createDataFrame(
        rows, "product_id string, attribute string, specified string"
    )


def chosen(
    spark,
    texts,
    spans,
    *,
    asked=(),
    sharing=(),
    specified=(),
    thresholds=(),
    partitions=2,
):
    products = sorted({row[0] for row in texts})
    attributes = sorted({row[1] for row in spans})
    asked = asked or [(product, attributes) for product in products]
    return choose_attributes(
        texts_of(spark, texts).repartition(partitions),
        spark.createDataFrame([(*one, [*sharing]) for one in asked], ASKED),
        spans_of(spark, spans),
        spark.createDataFrame([*thresholds], "attribute string, threshold double"),
        specified_of(spark, [*specified]),
        threshold=0.5,
        normal_values=F.lower,
        agreeing=lambda found, own: F.lower(found) == F.lower(own),
        model_name="toy",
        run_id="run",
    )


PLACES = [
    ("review", "a review", "Red lid"),
    ("description", "p#0", "it is Red"),
    ("bullet", "p#1", "so Red"),
    ("bullet", "p#0", "very RED"),
    ("title", "p", "Red"),
]


@pytest.mark.parametrize("partitions", [1, 3])
def test_ties_go_to_the_title_then_bullets_descriptions_and_reviews(spark, partitions):
    """Product n has the first n places."""
    texts = [
        (f"p{n}", *place) for n in range(1, len(PLACES) + 1) for place in PLACES[:n]
    ]
    spans = [
        (text, "colour", re.search("(?i)red", text)[0], 0.75) for *_, text in PLACES
    ]
    rows = chosen(spark, texts, spans, partitions=partitions)
    order = [
        (row.source, row.source_id, row.value, row.n_agreeing)
        for row in rows.orderBy("product_id").collect()
    ]
    assert order == [
        ("review", "a review", "Red", 0),
        ("description", "p#0", "Red", 1),
        ("bullet", "p#1", "Red", 2),
        ("bullet", "p#0", "RED", 3),
        ("title", "p", "Red", 4),
    ]


def test_the_surest_value_is_chosen_with_its_place_and_who_found_it(spark):
    texts = [
        ("p", "title", "p", "Red kettle"),
        ("p", "bullet", "p#0", "a Blue lid"),
        ("p", "bullet", "p#1", "blue, really"),
    ]
    spans = [
        ("Red kettle", "colour", "Red", 0.6),
        ("a Blue lid", "colour", "Blue", 0.9),
        ("blue, really", "colour", "blue", 0.8),
    ]
    values = chosen(spark, texts, spans)
    assert values.columns == ATTRIBUTE_VALUES.columns
    (row,) = values.collect()
    assert tuple(row) == (
        *("p", "colour", "Blue", "blue", "bullet", "p#0", 2, 6, 0.9, 1),
        *("adds", None, "run", "toy", "fp", row.scored_at),
    )
    assert "a Blue lid"[row.begin : row.end] == row.value


def test_a_score_at_the_attributes_own_threshold_counts_and_none_below(spark):
    texts = [("p", "title", "p", "Red, big and long")]
    spans = [
        ("Red, big and long", "colour", "Red", 0.8),
        ("Red, big and long", "size", "big", 0.8),
        ("Red, big and long", "length", "long", 0.5),
        ("Red, big and long", "depth", "long", 0.4999),
        ("Red, big and long", "weight", None, 0.0),
    ]
    own = [("colour", 0.8), ("size", 0.8001), ("weight", 0.0)]
    rows = chosen(spark, texts, spans, thresholds=own).collect()
    assert {row.attribute for row in rows} == {"colour", "length"}


def test_what_only_another_product_of_the_text_is_asked_is_not_chosen(spark):
    texts = [("p", "title", "p", "Red"), ("q", "title", "q", "Red")]
    spans = [("Red", "colour", "Red", 0.9), ("Red", "flavour", "Red", 0.9)]
    asked = [("p", ["colour"]), ("q", ["flavour"])]
    rows = chosen(spark, texts, spans, asked=asked).collect()
    assert {(row.product_id, row.attribute) for row in rows} == {
        ("p", "colour"),
        ("q", "flavour"),
    }


def test_the_verdict_holds_the_value_to_the_shops_own(spark):
    expected = {"MATTE RED": "agrees", "blue": "contradicts"}
    texts = [(p, "title", p, "a matte red lid") for p in (*expected, "nothing")]
    spans = [("a matte red lid", "colour", "matte red", 0.9)]
    own = [(specified, "colour", specified) for specified in expected]
    others = [("nothing", "size", "matte red"), ("else", "colour", "matte red")]
    rows = chosen(spark, texts, spans, specified=[*own, *others]).collect()
    told = {row.specified: row.verdict for row in rows}
    assert len(rows) == len(texts)
    assert told == {**expected, None: "adds"}


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_place_is_the_value_of_the_surest_attribute_alone(spark, partitions):
    texts = [
        ("p", "title", "p", "a bag of 20 kg"),
        ("p", "bullet", "p#0", "holds 30 kg"),
        ("q", "title", "q", "a bag of 20 kg"),
    ]
    spans = [
        ("a bag of 20 kg", "weight", "20 kg", 0.9),
        ("a bag of 20 kg", "load", "20 kg", 0.8),
        ("a bag of 20 kg", "kind", "bag", 0.7),
        ("holds 30 kg", "load", "30 kg", 0.6),
        ("holds 30 kg", "weight", "30 kg", 0.55),
    ]
    rows = chosen(spark, texts, spans, partitions=partitions).collect()
    told = {(row.product_id, row.attribute): row.value for row in rows}
    assert told == {
        ("p", "weight"): "20 kg",
        ("p", "load"): "30 kg",
        ("p", "kind"): "bag",
        ("q", "weight"): "20 kg",
        ("q", "kind"): "bag",
    }


def test_attributes_that_share_values_share_a_place(spark):
    texts = [("p", "title", "p", "Acme kettle")]
    spans = [
        ("Acme kettle", "brand", "Acme", 0.8),
        ("Acme kettle", "maker", "Acme", 0.9),
        ("Acme kettle", "model", "Acme", 0.7),
    ]
    pairs = [("brand", "maker"), ("maker", "brand"), ("brand", "model")]
    rows = chosen(spark, texts, spans, sharing=pairs).collect()
    assert {row.attribute for row in rows} == {"brand", "maker"}
    rows = chosen(spark, texts, spans, asked=[("p", ["brand", "model"])]).collect()
    assert {row.attribute for row in rows} == {"brand"}
    # The shop states another one for this product.
    own = [("p", "brand", "ACME"), ("p", "maker", "Zeta")]
    (row,) = chosen(spark, texts, spans, sharing=pairs[:2], specified=own).collect()
    assert (row.attribute, row.verdict) == ("brand", "agrees")
    own = [("p", "brand", "Zeta")]
    (row,) = chosen(spark, texts, spans, sharing=pairs[:2], specified=own).collect()
    assert (row.attribute, row.verdict) == ("maker", "adds")


def test_a_place_is_the_value_of_those_that_the_shop_states_it_for(spark):
    texts = [("p", "title", "p", "20 kg"), ("q", "title", "q", "20 kg")]
    spans = [
        ("20 kg", "weight", "20 kg", 0.9),
        ("20 kg", "load", "20 kg", 0.6),
        ("20 kg", "part", "20 kg", 0.8),
    ]
    own = [("p", "load", "20 KG"), ("p", "weight", "2 kg"), ("q", "part", "20 kg")]
    own += [("q", "load", "20 kg")]
    rows = chosen(spark, texts, spans, specified=own).collect()
    told = {(row.product_id, row.attribute): row.verdict for row in rows}
    assert told == {
        ("p", "load"): "agrees",
        ("q", "load"): "agrees",
        ("q", "part"): "agrees",
    }


def test_of_equal_scores_the_smaller_name_has_the_place(spark):
    texts = [("p", "title", "p", "20 kg")]
    spans = [("20 kg", name, "20 kg", 0.9) for name in ("weight", "load")]
    (row,) = chosen(spark, texts, spans).collect()
    assert row.attribute == "load"


def test_a_value_that_the_shop_states_comes_before_a_surer_one(spark):
    texts = [
        ("p", "title", "p", "kettle, Red"),
        ("p", "bullet", "p#0", "also in blue"),
        ("p", "bullet", "p#1", "or red"),
    ]
    spans = [
        ("kettle, Red", "colour", "Red", 0.6),
        ("also in blue", "colour", "blue", 0.9),
        ("or red", "colour", "red", 0.7),
    ]
    own = [("p", "colour", "RED")]
    (row,) = chosen(spark, texts, spans, specified=own).collect()
    assert (row.source_id, row.value, row.verdict) == ("p#1", "red", "agrees")
    assert row.n_agreeing == 1
    (row,) = chosen(spark, texts, spans, specified=[("p", "colour", "green")]).collect()
    assert (row.value, row.verdict) == ("blue", "contradicts")


def test_without_texts_or_spans_there_is_no_value(spark):
    assert chosen(spark, [], [("x", "a", "x", 0.9)], asked=[("p", ["a"])]).count() == 0
    texts = [("p", "title", "p", "x")]
    assert chosen(spark, texts, [], asked=[("p", ["a"])]).count() == 0


def test_the_choice_is_that_of_a_few_lines_of_python(spark):
    rng = random.Random(5)
    texts, spans = [], {}
    for product in range(6):
        for place in range(rng.randrange(1, 6)):
            source = rng.choice(ATTRIBUTE_SOURCES)
            text = f"{rng.choice('AaBb')} {rng.choice('CcDd')} {rng.randrange(3)}"
            texts.append((f"p{product}", source, f"s{place}", text))
    for text in {row[3] for row in texts}:
        for attribute in "xyz":
            value = rng.choice([None, *text.split()])
            score = 0.0 if value is None else rng.choice([0.3, 0.5, 0.7, 0.9])
            spans[text, attribute] = (value, score)
    lowest, sharing = {"x": 0.7}, [("x", "y"), ("y", "x")]
    own = {
        (row[0], name): rng.choice(row[3].split())
        for row in texts
        for name in "xz"
        if row[0] != "p1"
    }
    best = {}
    for product, source, place, text in texts:
        claims = {}
        for attribute in "xyz":
            value, score = spans[text, attribute]
            if value is not None and score >= lowest.get(attribute, 0.5):
                is_other = own.get((product, attribute), "").lower() != value.lower()
                claims.setdefault(value, []).append((is_other, -score, attribute))
        for value, claim in claims.items():
            owner = min(claim)[2]
            for is_other, score, name in claim:
                is_shared = (owner, name) in sharing and (product, name) not in own
                if is_other and name != owner and not is_shared:
                    continue
                order = (is_other, score, ATTRIBUTE_SOURCES.index(source), place)
                found = best.setdefault((product, name), [])
                found.append((*order, text.index(value), value))
    expected = {}
    for key, found in best.items():
        *_, value = min(found)
        n_alike = sum(one[-1].lower() == value.lower() for one in found)
        expected[key] = (value, min(found)[3], -min(found)[1], n_alike - 1)
    rows = chosen(
        spark,
        texts,
        [(text, attribute, *found) for (text, attribute), found in spans.items()],
        sharing=sharing,
        specified=[(*key, value) for key, value in own.items()],
        thresholds=[*lowest.items()],
    ).collect()
    told = {
        (r.product_id, r.attribute): (r.value, r.source_id, r.score, r.n_agreeing)
        for r in rows
    }
    assert told == expected
    assert len(rows) == len(expected) > 6
    assert {row.verdict for row in rows} == {*VERDICTS}


# ---- what the shop specifies ----


def test_what_the_shop_states_is_one_row_an_attribute(spark):
    products = products_of(spark, [("p", "t", [], []), ("q", "t", [], [])])
    own = F.when(
        F.col("product_id") == "p", F.create_map(*map(F.lit, ("a", "Red", "b", "Big")))
    )
    rows = specified_values(products, own).collect()
    found = sorted(tuple(row) for row in rows)
    assert found == [("p", "a", "Red"), ("p", "b", "Big")]
