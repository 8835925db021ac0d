"""The domain of a product, and its enriched row."""

import datetime as dt

import pytest

from pipelines.products import enriched, product_domains
from pipelines.tables import (
    ATTRIBUTE_VALUES,
    ENRICHED_PRODUCTS,
    PRODUCTS,
    QUESTIONS,
    REVIEW_ANSWERS,
    REVIEWS,
)

pytestmark = pytest.mark.spark
NAMED = "product_id string, domain string"


def catalogue(spark, *product_ids):
    rows = [
        (p, "Cat", ["Cat"], f"T {p}", "b", 2.0, [], [], {}, "f") for p in product_ids
    ]
    return spark.createDataFrame(rows, PRODUCTS.schema)


def test_metadata_counts_first_then_what_most_texts_say(spark):
    reviews = [("p", "x"), ("r", "b"), ("r", "a"), ("r", "b"), ("s", "z"), ("s", "y")]
    asked = [("r", "q"), ("t", "q")]
    domains = product_domains(
        catalogue(spark, "p"),
        spark.createDataFrame(reviews, NAMED),
        spark.createDataFrame(asked, NAMED),
    )
    found = {row.product_id: row.domain for row in domains.collect()}
    assert found == {"p": "Cat", "r": "b", "s": "y", "t": "q"}


NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def values_of(spark, rows):
    """From (product, attribute, value, verdict)."""
    full = [
        (
            *(p, a, v, v.lower(), "title", p, 0, len(v), 0.9, 0, verdict, None),
            *("run0", "toy", "fp", LATER),
        )
        for p, a, v, verdict in rows
    ]
    return spark.createDataFrame(full, ATTRIBUTE_VALUES.schema)


def enriched_of(spark, domains, *, answers=(), values=()):
    empty = (spark.createDataFrame([], t.schema) for t in (REVIEWS, QUESTIONS))
    return enriched(
        spark.createDataFrame(domains, NAMED),
        catalogue(spark, "p"),
        *empty,
        spark.createDataFrame([*answers], REVIEW_ANSWERS.schema),
        values_of(spark, values),
        run_id="run",
    )


@pytest.mark.parametrize("partitions", [1, 3])
def test_attributes_are_nested_by_name_and_a_product_may_have_none(spark, partitions):
    values = [
        ("p", "size", "XL", "adds"),
        ("p", "colour", "Red", "contradicts"),
        ("q", "colour", "Blue", "agrees"),
    ]
    domains = [("p", "Cat"), ("q", "file"), ("bare", "file")]
    rows = enriched_of(spark, domains, values=values).repartition(partitions)
    found = {row.product_id: row for row in rows.collect()}
    assert len(found) == rows.count() == 3
    nested = {
        name: [tuple(one) for one in row.attributes] for name, row in found.items()
    }
    assert nested == {
        "p": [
            ("colour", "Red", "red", 0.9, "contradicts", "title"),
            ("size", "XL", "xl", 0.9, "adds", "title"),
        ],
        "q": [("colour", "Blue", "blue", 0.9, "agrees", "title")],
        "bare": [],
    }
    assert found["bare"].scored_at is None


def test_a_row_tells_when_its_newest_score_was_made_and_whose_answers_it_has(spark):
    answers = [("p", "q1", 1, "s", 0.6, "run0", "m", "fp", NOW, "asked", "said")]
    domains = [("p", "Cat"), ("q", "file")]
    both = [("p", "colour", "Red", "adds"), ("q", "colour", "Red", "adds")]
    rows = enriched_of(spark, domains, answers=answers, values=both)
    told = {
        row.product_id: (row.model_name, row.scored_at.astimezone(dt.UTC))
        for row in rows.collect()
    }
    assert told == {"p": ("m", LATER), "q": (None, LATER)}
    (alone,) = enriched_of(spark, domains[:1], answers=answers).collect()
    assert alone.scored_at.astimezone(dt.UTC) == NOW


def test_answers_are_nested_in_the_order_of_their_rank(spark):
    reviews = [
        (f"r{i}", "p", None, r, None, None, "d", "f", None, "x")
        for i, r in enumerate([5.0, 4.0, None])
    ]
    asked = [(q, "p", None, None, None, "d", "f", q) for q in ("q1", "q2", "q3")]
    answers = [
        ("p", "q2", 2, "s2", 0.6, "run0", "toy", "fp", NOW, "q2", "said 2"),
        ("p", "q2", 1, "s1", 0.9, "run0", "toy", "fp", NOW, "q2", "said 1"),
        ("p", "q1", 1, "s3", 0.8, "run0", "toy", "fp", NOW, "q1", "said 3"),
    ]
    rows = enriched(
        spark.createDataFrame([("p", "Cat"), ("bare", "file")], NAMED),
        catalogue(spark, "p"),
        spark.createDataFrame(reviews, REVIEWS.schema),
        spark.createDataFrame(asked, QUESTIONS.schema),
        spark.createDataFrame(answers, REVIEW_ANSWERS.schema),
        values_of(spark, []),
        run_id="run",
    )
    assert rows.columns == ENRICHED_PRODUCTS.columns
    by_id = {row.product_id: row for row in rows.collect()}
    row = by_id["p"]
    assert (row.n_reviews, row.mean_rating, row.n_questions) == (3, 4.5, 3)
    assert row.n_answered_questions == 2
    nested = [
        (one.question_id, [(a.rank, a.sentence) for a in one.answers])
        for one in row.answered_questions
    ]
    assert nested == [("q1", [(1, "said 3")]), ("q2", [(1, "said 1"), (2, "said 2")])]
    bare = by_id["bare"]
    assert (bare.domain, bare.title, bare.n_reviews) == ("file", None, 0)
    assert (bare.n_answered_questions, bare.answered_questions) == (0, [])
