"""One literal record per rule, refused by its name."""

import datetime as dt
import math

import pytest

from jobs.sources import products, purchases, questions, reviews, rules
from udfs.pieces import RefusedError

REVIEW = {"asin": "B1", "reviewText": "fine"}
PURCHASE = {"asin": "B1", "reviewerID": "U1"}
FLAT = {"asin": "B1", "question": "Big?", "answer": "Yes"}


def refused(parse, record):
    """Class and message of the refusal of a record's only row."""
    try:
        [parsed] = parse(record, "k/f.jsonl")
    except RefusedError as error:
        return error.error_class, str(error)
    assert parsed.refused is not None, parsed.row
    return parsed.refused.error_class, str(parsed.refused)


@pytest.mark.parametrize(
    ("parse", "record", "error_class", "found"),
    [
        (reviews.parse, {"reviewText": "x"}, "missing_product_id", "asin"),
        (reviews.parse, REVIEW | {"asin": " "}, "missing_product_id", "asin"),
        (reviews.parse, REVIEW | {"asin": ["B1"]}, "wrong_type", "['B1']"),
        (reviews.parse, REVIEW | {"asin": True}, "wrong_type", "True"),
        (reviews.parse, {"asin": "B1"}, "empty_text", "reviewText"),
        (reviews.parse, REVIEW | {"reviewText": " <br> "}, "empty_text", "reviewText"),
        (reviews.parse, REVIEW | {"reviewText": ["x"]}, "wrong_type", "['x']"),
        (reviews.parse, REVIEW | {"reviewText": "\udc00"}, "invalid_unicode", "surr"),
        (reviews.parse, REVIEW | {"summary": "\ud83d"}, "invalid_unicode", "summary"),
        (reviews.parse, REVIEW | {"reviewerID": {"a": 1}}, "wrong_type", "{'a': 1}"),
        (reviews.parse, REVIEW | {"overall": 6}, "rating_out_of_range", "6"),
        (reviews.parse, REVIEW | {"overall": 0.5}, "rating_out_of_range", "0.5"),
        (reviews.parse, REVIEW | {"overall": "five"}, "wrong_type", "'five'"),
        (reviews.parse, REVIEW | {"overall": True}, "wrong_type", "True"),
        (reviews.parse, REVIEW | {"overall": math.nan}, "wrong_type", "nan"),
        (reviews.parse, REVIEW | {"overall": 10**400}, "wrong_type", "1000"),
        (reviews.parse, REVIEW | {"verified": "maybe"}, "wrong_type", "'maybe'"),
        (reviews.parse, REVIEW | {"reviewTime": "13 1, 2014"}, "impossible_date", "13"),
        (reviews.parse, REVIEW | {"reviewTime": "soon"}, "impossible_date", "'soon'"),
        (reviews.parse, REVIEW | {"unixReviewTime": 1}, "impossible_date", "1,"),
        (reviews.parse, REVIEW | {"unixReviewTime": 1e30}, "impossible_date", "1e+30"),
        (reviews.parse, REVIEW | {"unixReviewTime": 10**12}, "impossible_date", "10"),
        (reviews.parse, REVIEW | {"unixReviewTime": [1]}, "wrong_type", "[1]"),
        (purchases.parse, {"asin": "B1"}, "missing_user", "reviewerID"),
        (purchases.parse, {"reviewerID": "U1"}, "missing_product_id", "asin"),
        (products.parse, {"title": "x"}, "missing_product_id", "asin"),
        (products.parse, {"asin": "B1", "title": ["x"]}, "wrong_type", "title"),
        (products.parse, {"asin": "B1", "feature": {"a": 1}}, "wrong_type", "feature"),
        (products.parse, {"asin": "B1", "feature": [7]}, "wrong_type", "7"),
        (questions.parse_questions, {"question": "x"}, "missing_product_id", "asin"),
        (questions.parse_questions, FLAT | {"question": ""}, "empty_text", "question"),
        (questions.parse_questions, {"asin": "B1", "questions": 3}, "wrong_type", "3"),
        (questions.parse_answers, FLAT | {"answer": ""}, "empty_text", "answer"),
        (questions.parse_answers, FLAT | {"question": ""}, "empty_text", "question"),
        (questions.parse_answers, FLAT | {"helpful": [3, 2]}, "wrong_type", "(3, 2)"),
        (questions.parse_answers, FLAT | {"helpful": "x"}, "wrong_type", "'x'"),
        (questions.parse_answers, FLAT | {"helpful": [1, 2**40]}, "wrong_type", "109"),
        (questions.parse_answers, {"asin": "B1", "answer_id": "a", "text": "x"},
         "missing_question_id", "question_id"),
    ],
)  # fmt: skip
def test_a_broken_rule_has_a_name_and_shows_the_value(
    parse, record, error_class, found
):
    name, message = refused(parse, record)
    assert name == error_class
    assert found in message or error_class == "wrong_type"
    assert "expected" in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1393545600, "2014-02-28"),
        ("1393545600", "2014-02-28"),
        (1393545600.0, "2014-02-28"),
        ("02 28, 2014", "2014-02-28"),
        ("09 4, 2015", "2015-09-04"),
        ("Jun 27, 2014", "2014-06-27"),
        ("June 29, 2014", "2014-06-29"),
        ("27 Dec. 2014", "2014-12-27"),
        ("29 July 2015", "2015-07-29"),
        ("12 Sept. 2015", "2015-09-12"),
        ("2015-09-12", "2015-09-12"),
        ("2015-09-12T02:00:00+02:00", "2015-09-12"),
        (dt.date(2015, 9, 12), "2015-09-12"),
        (dt.datetime(2015, 9, 12), "2015-09-12"),
    ],
)
def test_a_time_is_read_in_every_form(value, expected):
    found = rules.moment({"t": value}, "t")
    assert found == dt.datetime.fromisoformat(f"{expected}T00:00:00+00:00")


@pytest.mark.parametrize("value", [None, "", "14 days ago", "1 day ago"])
def test_a_time_may_be_unknown(value):
    assert rules.moment({"t": value}, "t") is None


def test_the_unix_time_counts_before_the_text():
    [parsed] = reviews.parse(
        REVIEW | {"unixReviewTime": 1393545600, "reviewTime": "13 77, 2014"}, "f"
    )
    assert parsed.row["reviewed_at"] == dt.datetime(2014, 2, 28, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$12.99", 12.99),
        ("1,299.00", 1299.0),
        ("$5 - $7", 5.0),
        ("4.99", 4.99),
        (7, 7.0),
        ("<span class='x'>9</span>", None),
        ("-3", None),
        (-3, None),
        ("9" * 400, None),
        (math.inf, None),
        (True, None),
        ("", None),
        (["1"], None),
    ],
)
def test_a_price_is_the_lowest_or_none(value, expected):
    assert rules.price(value) == expected


def test_numbers_flags_and_ids_may_be_texts():
    record = REVIEW | {"overall": "5.0", "verified": "False", "asin": 1384719342}
    [parsed] = reviews.parse(record, "f")
    kept = {name: parsed.row[name] for name in ("rating", "is_verified", "product_id")}
    assert kept == {"rating": 5.0, "is_verified": False, "product_id": "1384719342"}
    assert rules.count("votes", "1,234") == 1234


@pytest.mark.parametrize("text", ["[" * 100_000, "{'a':" * 50_000, "[1, 2", "[2 pack]"])
def test_what_only_looks_like_a_list_stays_text(text):
    assert rules.structure(text) == text
