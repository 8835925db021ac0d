"""Which record wins, which ones are one, and what follows from them."""

import datetime as dt

import pyarrow as pa
import pytest
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.sources import products as product_source
from jobs.sources import purchases as purchase_source
from jobs.sources import questions as question_source
from jobs.sources import reviews as review_source
from pipelines import landing
from pipelines.tables import COMMUNITY_ANSWERS, PURCHASES, QUESTIONS, REVIEWS
from udfs.files import META

pytestmark = pytest.mark.spark

DAY = dt.datetime(2026, 1, 1)
NEXT_DAY = dt.datetime(2026, 1, 2)


def frame(spark, schema, rows, partitions=1):
    values = [tuple(row.get(name) for name in schema.names) for row in rows]
    return spark.createDataFrame(values, schema).repartition(partitions)


def raw(spark, columns, *rows, partitions=1):
    """Rows as the workers give them, the first file's unless they say otherwise."""
    schema = from_arrow_schema(pa.schema([*META, *columns]))
    given = {"source_file": "k/a.jsonl", "modified_at": DAY, "position": 1, "place": 0}
    return frame(spark, schema, [given | row for row in rows], partitions)


def stored(spark, table, *rows):
    return frame(spark, nullable(table), rows)


def nullable(table):
    return T.StructType([T.StructField(f.name, f.dataType) for f in table.schema])


def column(frame, *names):
    return sorted(tuple(row[name] for name in names) for row in frame.collect())


@pytest.mark.parametrize("partitions", [1, 3])
def test_the_latest_record_of_a_product_wins(spark, partitions):
    rows = [
        {"product_id": "p1", "title": "old", "position": 9},
        {"product_id": "p1", "title": "new", "modified_at": NEXT_DAY},
        {"product_id": "p2", "title": "first", "position": 1},
        {"product_id": "p2", "title": "second", "position": 2},
        {"product_id": "p3", "title": "later file", "source_file": "k/b.jsonl"},
        {"product_id": "p3", "title": "earlier file", "position": 7},
    ]
    found = landing.products(
        raw(spark, product_source.COLUMNS, *rows, partitions=partitions), domains={}
    )
    assert column(found, "product_id", "title") == [
        ("p1", "new"),
        ("p2", "second"),
        ("p3", "later file"),
    ]


def test_a_domain_is_the_first_category_else_confs_else_the_files(spark):
    rows = [
        {"product_id": "p1", "category": ["Toys", "Trains"]},
        {"product_id": "p2", "category": []},
        {"product_id": "p3", "source_file": "k/x/meta.2018_v1.JSON.gz"},
        {"product_id": "p4", "source_file": "k/odd.txt"},
    ]
    found = landing.products(
        raw(spark, product_source.COLUMNS, *rows), domains={"a": "kettles"}
    )
    assert column(found, "product_id", "domain") == [
        ("p1", "Toys"),
        ("p2", "kettles"),
        ("p3", "meta.2018_v1"),
        ("p4", "odd.txt"),
    ]


def test_a_review_is_known_by_its_id_else_person_and_time_else_text(spark):
    review = {"product_id": "p", "text": "good"}
    rows = [
        {**review, "given_id": "r1", "user_id": "u"},
        {**review, "user_id": "u", "reviewed_at": DAY, "position": 1},
        {**review, "user_id": "u", "reviewed_at": DAY, "position": 2, "text": "better"},
        {**review, "user_id": "u", "reviewed_at": NEXT_DAY},
        {**review, "user_id": "u"},
        {**review, "user_id": "u", "text": "another"},
        {**review, "user_id": "v", "reviewed_at": DAY, "variant": "red"},
        {**review, "user_id": "v", "reviewed_at": DAY, "variant": "blue"},
        {**review},
        {**review, "rating": 5.0, "position": 2},
        {**review, "product_id": "other"},
    ]
    found = landing.reviews(raw(spark, review_source.COLUMNS, *rows), domains={})
    assert sorted(found.columns) == sorted({*found.columns, *REVIEWS.columns})
    kept = sorted(
        (r["product_id"], r["text"], r["rating"] or 0) for r in found.collect()
    )
    assert kept == [
        ("other", "good", 0),
        ("p", "another", 0),
        ("p", "better", 0),
        ("p", "good", 0),
        ("p", "good", 0),
        ("p", "good", 0),
        ("p", "good", 0),
        ("p", "good", 0),
        ("p", "good", 5.0),
    ]
    assert len({row["review_id"] for row in found.collect()}) == 9


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_later_question_fills_what_the_earlier_lacks(spark, partitions):
    question = {"product_id": "p", "text": "Big?"}
    rows = [
        {**question, "question_type": "yes/no"},
        {**question, "user_id": "u", "position": 2},
        {**question, "question_type": "open-ended", "position": 3},
        {**question, "position": 4},
    ]
    before = stored(spark, QUESTIONS)
    first = landing.questions(
        raw(spark, question_source.QUESTION_COLUMNS, *rows, partitions=partitions),
        before,
        domains={},
    )
    kept = first.collect()
    assert [(row.user_id, row.question_type) for row in kept] == [("u", "open-ended")]
    asked = {"product_id": "p", "text": "Big?", "asked_at": DAY, "question_type": "x"}
    again = landing.questions(
        raw(spark, question_source.QUESTION_COLUMNS, asked),
        frame(spark, first.schema, [kept[0].asDict()]),
        domains={},
    ).collect()
    assert [(row.user_id, row.question_type, row.asked_at) for row in again] == [
        ("u", "x", DAY)
    ]


ANSWER = {"product_id": "p", "question": "Big?", "text": "Yes"}


def answers(spark, rows, before=()):
    before = stored(spark, COMMUNITY_ANSWERS, *before)
    sent = raw(spark, question_source.ANSWER_COLUMNS, *rows)
    kept, void = landing.under_names(landing.answers(sent, before, domains={}), before)
    return kept.collect(), void.collect()


def test_an_answer_without_a_person_goes_under_the_person_who_gave_it(spark):
    rows = [
        {**ANSWER},
        {**ANSWER, "user_id": "u", "position": 2},
        {**ANSWER, "text": "No", "position": 3},
    ]
    told, void = answers(spark, rows)
    assert sorted((row.text, row.user_id or "") for row in told) == [
        ("No", ""),
        ("Yes", "u"),
    ]
    assert void == []
    assert {(row.n_helpful, row.n_votes) for row in told} == {(0, 0)}


def test_a_name_that_comes_later_makes_the_stored_nameless_answer_void(spark):
    [nameless], _ = answers(spark, [ANSWER])
    told, void = answers(spark, [{**ANSWER, "user_id": "u"}], [nameless.asDict()])
    assert [row.user_id for row in told] == ["u"]
    assert [row.answer_id for row in void] == [nameless.answer_id]


def test_an_answer_that_gets_its_name_under_its_own_id_is_no_void_one(spark):
    given = {**ANSWER, "given_id": "a"}
    [nameless], _ = answers(spark, [given])
    told, void = answers(spark, [{**given, "user_id": "u"}], [nameless.asDict()])
    assert [(row.answer_id, row.user_id) for row in told] == [("a", "u")]
    assert void == []


def test_a_nameless_answer_that_comes_later_is_a_repetition(spark):
    [named], _ = answers(spark, [{**ANSWER, "user_id": "u"}])
    assert answers(spark, [ANSWER], [named.asDict()]) == ([], [])


def test_a_missing_vote_erases_none(spark):
    [voted], _ = answers(spark, [{**ANSWER, "n_helpful": 2, "n_votes": 3}])
    [again], _ = answers(spark, [{**ANSWER, "answered_at": DAY}], [voted.asDict()])
    assert (again.n_helpful, again.n_votes, again.answered_at) == (2, 3, DAY)


def test_a_purchase_is_dated_by_its_first_time(spark):
    rows = [
        {"user_id": "u", "product_id": "p", "purchased_at": NEXT_DAY},
        {"user_id": "u", "product_id": "p", "purchased_at": None},
        {"user_id": "v", "product_id": "p", "purchased_at": NEXT_DAY},
        {"user_id": "w", "product_id": "p", "purchased_at": None},
    ]
    before = {"product_id": "p", "purchased_at": DAY}
    known = stored(
        spark,
        PURCHASES,
        {**before, "user_id": "v", "evidence": "purchase"},
        {**before, "user_id": "u", "evidence": "verified_review"},
        {**before, "user_id": "x", "evidence": "purchase"},
    )
    found = landing.purchases(raw(spark, purchase_source.COLUMNS, *rows), known)
    kept = {row.user_id: (row.evidence, row.purchased_at) for row in found.collect()}
    assert kept == {
        "u": ("purchase", NEXT_DAY),
        "v": ("purchase", DAY),
        "w": ("purchase", None),
    }


@pytest.mark.parametrize("has_answerers", [True, False])
def test_verified_reviews_and_answers_are_evidence(spark, has_answerers):
    review = {"product_id": "p", "is_verified": True, "reviewed_at": DAY}
    reviews = stored(
        spark,
        REVIEWS,
        {**review, "user_id": "u"},
        {**review, "user_id": "u", "reviewed_at": NEXT_DAY},
        {**review, "user_id": "v", "is_verified": False},
        {**review, "user_id": "w", "is_verified": None},
        {**review, "user_id": None},
    )
    told = stored(
        spark,
        COMMUNITY_ANSWERS,
        {"product_id": "p", "user_id": "u", "answered_at": NEXT_DAY},
        {"product_id": "p", "user_id": None},
    )
    found = landing.evidence(reviews, told, has_answerer_evidence=has_answerers)
    assert column(found, "user_id", "product_id", "evidence", "purchased_at") == [
        *([("u", "p", "community_answer", NEXT_DAY)] if has_answerers else []),
        ("u", "p", "verified_review", DAY),
    ]


def test_no_records_give_no_rows(spark):
    assert (
        landing.products(raw(spark, product_source.COLUMNS), domains={}).collect() == []
    )
    assert (
        landing.reviews(raw(spark, review_source.COLUMNS), domains={}).collect() == []
    )
    assert answers(spark, []) == ([], [])
