"""A product as the lines of the files that a shop would send.

Metadata and reviews as published for 2018 (JSON lines) and 2014 (CSV), questions as
Python dict literals in both shapes; the truth as JSON lines of the sample's own.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from jobs.sample.profiles import generator
from jobs.sample.records import Answer, Question, Review, SampleProduct

CSV_HEADER = (
    "reviewerID,asin,helpful,reviewText,overall,summary,unixReviewTime,reviewTime"
)
_DAY_SECONDS = 86_400
_EPOCH = date(1970, 1, 1)
_TABLE_SHARE = 0.4
_CSV_SHARE = 0.2
_NESTED_SHARE = 0.6
_CELL = (
    '<tr>\n <th class="a-color-secondary a-size-base prodDetSectionEntry">\n {}\n </th>'
    '\n <td class="a-size-base">\n {}\n </td>\n </tr>\n'
)


def product_lines(product: SampleProduct, seed: int) -> Iterator[tuple[str, str]]:
    """The kind of each line and the line, without its end.

    Kinds: products, reviews, reviews_csv, questions, questions_nested, purchases. All
    reviews of a product are in one format, and so are all its questions.

    Args:
        product: As `generate_product` gives it.
        seed: Of the sample; it decides the formats.
    """
    rng = generator(seed, int(product.product_id[2:], 36), "formats")
    yield "products", _json(_product(product, has_table=rng.random() < _TABLE_SHARE))
    is_csv = rng.random() < _CSV_SHARE
    for review in product.reviews:
        line = _csv_review(product, review) if is_csv else _review(product, review)
        for _ in range(1 + review.is_repeated):
            yield ("reviews_csv" if is_csv else "reviews"), line
    if rng.random() < _NESTED_SHARE:
        if product.questions:
            yield "questions_nested", _nested_questions(product)
    else:
        for question in product.questions:
            for _ in range(1 + question.is_repeated):
                for line in _flat_questions(product, question):
                    yield "questions", line
    for purchase in product.purchases:
        record = {
            "reviewerID": purchase.user_id,
            "asin": purchase.product_id,
            "unixTime": purchase.day * _DAY_SECONDS,
        }
        yield "purchases", _json(record)


def _product(product: SampleProduct, *, has_table: bool) -> dict[str, Any]:
    record: dict[str, Any] = {
        "category": list(product.categories),
        "tech1": "",
        "description": list(product.descriptions),
        "title": product.title,
        "brand": product.brand,
        "feature": list(product.bullets),
        "details": {},
        "main_cat": product.domain,
        "price": product.price,
        "asin": product.product_id,
    }
    cells = [(name.title(), value) for name, value in product.specification]
    cells.append(("ASIN", product.product_id))
    if has_table:
        rows = "".join(_CELL.format(name, escape(value)) for name, value in cells)
        record["tech1"] = f' class="a-keyvalue prodDetTable">\n{rows}</table>'
    else:
        record["details"] = {f"\n    {name}: \n    ": value for name, value in cells}
    return record


def _review(product: SampleProduct, review: Review) -> str:
    record: dict[str, Any] = {
        "verified": review.is_verified,
        "reviewTime": _day_name(review.day, "{month:02d} {day}, {year}"),
        "asin": product.product_id,
        "reviewText": review.raw_text,
        "summary": review.summary,
        "unixReviewTime": review.day * _DAY_SECONDS,
    }
    if review.rating is not None:
        record["overall"] = float(review.rating)
    if review.user_id is not None:
        record["reviewerID"] = review.user_id
    if review.n_helpful:
        record["vote"] = str(review.n_helpful)
    if review.style is not None:
        record["style"] = {"Color:": f" {review.style}"}
    return _json(record)


def _csv_review(product: SampleProduct, review: Review) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(
        [
            review.user_id or "",
            product.product_id,
            f"[{review.n_helpful}, {review.n_votes}]",
            review.raw_text,
            "" if review.rating is None else review.rating,
            review.summary,
            review.day * _DAY_SECONDS,
            _day_name(review.day, "{month:02d} {day}, {year}"),
        ]
    )
    return line.getvalue()


def _flat_questions(product: SampleProduct, question: Question) -> Iterator[str]:
    """One dict literal per answer; an unanswered question has one without answer."""
    kind = "yes/no" if question.is_yes_no else "open-ended"
    record = {"questionType": kind, "asin": product.product_id}
    if not question.answers:
        yield repr({**record, "question": question.text})
    for answer in question.answers:
        line: dict[str, Any] = {
            **record,
            "answerTime": _day_name(answer.day, "{short} {day}, {year}"),
            "unixTime": answer.day * _DAY_SECONDS,
            "question": question.text,
        }
        if question.is_yes_no:
            line["answerType"] = answer.kind
        yield repr({**line, "answer": answer.text})


def _nested_questions(product: SampleProduct) -> str:
    questions = [
        {
            "questionType": "yes/no" if question.is_yes_no else "open-ended",
            "askerID": question.user_id,
            "questionTime": _day_name(question.day, "{long} {day}, {year}"),
            "questionText": question.text,
            "answers": [_nested_answer(answer) for answer in question.answers],
        }
        for question in product.questions
        for _ in range(1 + question.is_repeated)
    ]
    return repr({"asin": product.product_id, "questions": questions})


def _nested_answer(answer: Answer) -> dict[str, Any]:
    record: dict[str, Any] = {
        "answerText": answer.text,
        "answererID": answer.user_id,
        "answerTime": _day_name(answer.day, "{long} {day}, {year}"),
        "helpful": [answer.n_helpful, answer.n_votes],
    }
    return {**record, "answerType": answer.kind} if answer.kind else record


@lru_cache(maxsize=16_384)
def _day_name(number: int, pattern: str) -> str:
    """The day counted from 1970-01-01, in one of the formats' patterns."""
    day = _EPOCH + timedelta(days=number)
    return pattern.format(
        month=day.month,
        short=_MONTHS[day.month - 1][:3],
        long=_MONTHS[day.month - 1],
        day=day.day,
        year=day.year,
    )


# Spelt out, so that no machine's locale changes the files.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
