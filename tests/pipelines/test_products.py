"""The domain of a product, and its enriched row."""

import datetime as dt

import pytest

from pipelines.products import enriched, product_domains
from pipelines.tables import (
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


def test_answers_are_nested_in_the_order_of_their_rank(spark):
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    reviews = [
        (f"r{i}", "p", None, r, None, None, "d", "f", None, "x")
        for i, r in enumerate([5.0, 4.0, None])
    ]
    asked = [(q, "p", None, None, None, "d", "f", q) for q in ("q1", "q2", "q3")]
    answers = [
        ("p", "q2", 2, "s2", 0.6, "run0", "toy", "fp", now, "q2", "said 2"),
        ("p", "q2", 1, "s1", 0.9, "run0", "toy", "fp", now, "q2", "said 1"),
        ("p", "q1", 1, "s3", 0.8, "run0", "toy", "fp", now, "q1", "said 3"),
    ]
    rows = enriched(
        spark.createDataFrame([("p", "Cat"), ("bare", "file")], NAMED),
        catalogue(spark, "p"),
        spark.createDataFrame(reviews, REVIEWS.schema),
        spark.createDataFrame(asked, QUESTIONS.schema),
        spark.createDataFrame(answers, REVIEW_ANSWERS.schema),
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
