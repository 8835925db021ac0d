"""The raw lines, read back with the parsers that the formats call for."""

import ast
import csv
import json
from collections import Counter, defaultdict
from datetime import datetime

import pytest

from jobs.sample.formats import CSV_HEADER, product_lines
from jobs.sources.products import parse

SEED = 7


@pytest.fixture(scope="module")
def lines(products):
    by_kind = defaultdict(list)
    for product in products:
        for kind, line in product_lines(product, SEED):
            by_kind[kind].append(line)
    return by_kind


def test_products_read_as_they_were(products, lines):
    records = [json.loads(line) for line in lines["products"]]
    for product, record in zip(products, records, strict=True):
        assert record["asin"] == product.product_id
        assert record["title"] == product.title
        assert record["feature"] == list(product.bullets)
        assert record["description"] == list(product.descriptions)
        assert record["category"][0] == product.domain
        assert record["price"].startswith("$")
        assert bool(record["tech1"]) != bool(record["details"])


def test_specifications_hold_what_the_shop_lists_and_its_number(products, lines):
    for product, line in zip(products, lines["products"], strict=True):
        record = json.loads(line)
        (parsed,) = parse(record, "products.jsonl")
        listed = {name.title(): value for name, value in product.specification}
        told = dict(parsed.row["specifications"])
        assert told == listed | {"ASIN": product.product_id}


def test_both_review_formats_hold_every_review(products, lines):
    texts = Counter(json.loads(line)["reviewText"] for line in lines["reviews"])
    rows = csv.DictReader([CSV_HEADER, *lines["reviews_csv"]])
    in_csv = Counter(row["reviewText"] for row in rows)
    expected = Counter()
    for review in (r for product in products for r in product.reviews):
        expected[review.raw_text] += 1 + review.is_repeated
    assert texts + in_csv == expected
    assert 0.1 < in_csv.total() / expected.total() < 0.3


def test_review_times_agree(lines):
    for line in lines["reviews"][:500]:
        record = json.loads(line)
        told = datetime.strptime(record["reviewTime"] + " +0000", "%m %d, %Y %z")
        assert told.timestamp() == record["unixReviewTime"]
        assert isinstance(record.get("overall", 1.0), float)


def test_the_2014_rows_have_the_published_shape(lines):
    for row in csv.DictReader([CSV_HEADER, *lines["reviews_csv"]]):
        n_helpful, n_votes = json.loads(row["helpful"])
        assert 0 <= n_helpful <= n_votes
        assert row["overall"] in {"", "1", "2", "3", "4", "5"}
        assert None not in row.values()


def test_questions_are_python_literals_and_no_json(lines):
    for line in [*lines["questions"], *lines["questions_nested"]]:
        assert isinstance(ast.literal_eval(line), dict)
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)


def test_both_question_shapes_hold_every_question(products, lines):
    told = set()
    for line in lines["questions"]:
        record = ast.literal_eval(line)
        told.add((record["asin"], record["question"], record.get("answer")))
    for line in lines["questions_nested"]:
        record = ast.literal_eval(line)
        for question in record["questions"]:
            answers = [answer["answerText"] for answer in question["answers"]]
            for answer in answers or [None]:
                told.add((record["asin"], question["questionText"], answer))
    expected = {
        (product.product_id, question.text, answer)
        for product in products
        for question in product.questions
        for answer in [a.text for a in question.answers] or [None]
    }
    assert told == expected
    assert any(answer is None for *_, answer in told)


def test_a_yes_or_no_stands_with_the_answer(lines):
    kinds = Counter()
    for line in lines["questions"]:
        record = ast.literal_eval(line)
        if record["questionType"] == "yes/no" and "answer" in record:
            kinds[record["answerType"]] += 1
            if record["answerType"] == "Y":
                assert record["answer"].startswith(("Yes", "Y"))
    assert min(kinds["Y"], kinds["N"], kinds["?"]) > 10


def test_records_are_sent_twice_now_and_then(lines):
    counts = Counter(lines["reviews"])
    n_again = sum(n - 1 for n in counts.values())
    assert 0.004 < n_again / len(lines["reviews"]) < 0.02


def test_purchases_name_products_of_the_landing_zone(products, lines):
    landed = {product.product_id for product in products}
    bought = [json.loads(line) for line in lines["purchases"]]
    assert {record["asin"] for record in bought} <= landed
    assert all(set(record) == {"reviewerID", "asin", "unixTime"} for record in bought)
