"""Products, questions, answers and purchases: what becomes of a record sent again."""

import datetime as dt

import pytest
from landing_zone import DAY, land, put, review, rows

from jobs import lake
from pipelines import tables

pytestmark = pytest.mark.spark


@pytest.fixture
def zone(tmp_path):
    folder = tmp_path / "landing zone"
    folder.mkdir()
    return folder


def test_the_latest_product_replaces_the_stored_one_whole(spark, zone, lake_root):
    first = {"asin": "B1", "title": "Box", "category": ["Home"], "price": "$1"}
    put(zone, "products/a.json.gz", [first, {"asin": "B2"}])
    assert land(spark, zone, lake_root, "land_products") == (2, 2, 0, 0)
    put(zone, "products/b.json.gz", [{"asin": "B1", "title": "Lid"}, {"asin": "B2"}])
    assert land(spark, zone, lake_root, "land_products") == (2, 1, 1, 0)
    landed = rows(
        spark, lake_root, tables.PRODUCTS, "product_id", "title", "price", "domain"
    )
    assert landed == [("B1", "Lid", None, "b"), ("B2", None, None, "a")]


FLAT = "{'asin': 'B1', 'question': 'Big?', 'answer': 'Yes'}\n"
NESTED = (
    "{'asin': 'B1', 'questions': [{'questionText': 'Big?', 'askerID': 'A1', 'answers':"
    " [{'answerText': 'Yes', 'answererID': 'U1'}, {'answerText': 'No'}]},"
    " {'questionText': '', 'answers': [{'answerText': 'Eh?'}]}]}\n"
)


def test_questions_and_answers_of_both_shapes_are_one(spark, zone, lake_root):
    put(zone, "questions/flat.json.gz", (FLAT + FLAT + "nonsense\n").encode())
    assert land(spark, zone, lake_root, "land_questions") == (3, 1, 1, 1)
    assert land(spark, zone, lake_root, "land_community_answers") == (3, 1, 1, 1)
    put(zone, "questions/nested.json.gz", NESTED.encode())
    assert land(spark, zone, lake_root, "land_questions") == (2, 1, 0, 1)
    assert land(spark, zone, lake_root, "land_community_answers") == (3, 2, 0, 1)
    assert rows(spark, lake_root, tables.QUESTIONS, "text", "user_id") == [
        ("Big?", "A1")
    ]
    answers = rows(spark, lake_root, tables.COMMUNITY_ANSWERS, "text", "user_id")
    assert answers == [("No", None), ("Yes", "U1")]
    question_ids = rows(spark, lake_root, tables.COMMUNITY_ANSWERS, "question_id")
    assert set(question_ids) == set(
        rows(spark, lake_root, tables.QUESTIONS, "question_id")
    )
    versions = [
        lake.version(spark, table, lake_root)
        for table in (tables.QUESTIONS, tables.COMMUNITY_ANSWERS)
    ]
    put(zone, "questions/again.json", (FLAT + NESTED).encode())
    assert land(spark, zone, lake_root, "land_questions") == (3, 0, 2, 1)
    assert land(spark, zone, lake_root, "land_community_answers") == (4, 0, 3, 1)
    assert versions == [
        lake.version(spark, table, lake_root)
        for table in (tables.QUESTIONS, tables.COMMUNITY_ANSWERS)
    ]


def test_purchases_are_recorded_ones_reviews_and_answers(spark, zone, lake_root):
    bought = {"asin": "B1", "reviewerID": "U1", "unixTime": DAY}
    put(
        zone,
        "purchases/a.jsonl",
        [bought, bought | {"unixTime": DAY + 9}, {"asin": "B1"}],
    )
    put(zone, "reviews/a.jsonl", [review(1), review(2), review(3, verified=False)])
    put(zone, "questions/a.json", NESTED.encode())
    for name in ("land_reviews", "land_questions", "land_community_answers"):
        land(spark, zone, lake_root, name)
    assert land(spark, zone, lake_root, "land_purchases") == (6, 4, 1, 1)
    moment = dt.datetime(2014, 2, 28)
    assert rows(spark, lake_root, tables.PURCHASES, *tables.PURCHASES.columns) == [
        ("U1", "B1", "community_answer", None),
        ("U1", "B1", "purchase", moment),
        ("U1", "B1", "verified_review", moment),
        ("U2", "B1", "verified_review", moment),
    ]
    assert land(spark, zone, lake_root, "land_purchases") == (0, 0, 0, 0)
    put(zone, "reviews/b.jsonl", [review(2, verified=False), review(4)])
    land(spark, zone, lake_root, "land_reviews")
    n_in, n_written, *_ = land(spark, zone, lake_root, "land_purchases")
    assert (n_in, n_written) == (3, 1)
    kept = rows(spark, lake_root, tables.PURCHASES, "user_id", "evidence")
    assert kept == [
        ("U1", "community_answer"),
        ("U1", "purchase"),
        ("U1", "verified_review"),
        ("U4", "verified_review"),
    ]
    land(spark, zone, lake_root, "land_purchases", "land.has_answerer_evidence=false")
    kept = rows(spark, lake_root, tables.PURCHASES, "evidence")
    assert ("community_answer",) not in kept
