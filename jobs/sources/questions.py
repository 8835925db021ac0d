"""Questions and community answers: both shapes of Amazon's set, and our own columns.

One answer a line (`question`, `answer`, `answerTime`, ...), or one product a line with
its `questions`, each with its `answers`. A record with an answer_id and no question is
an answer in our own columns, to the question that its question_id names.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from jobs.sources import rules
from udfs.files import Parsed
from udfs.pieces import RefusedError

QUESTION_COLUMNS = pa.schema(
    [
        ("given_id", pa.string()),
        ("product_id", pa.string()),
        ("user_id", pa.string()),
        ("asked_at", pa.timestamp("us", tz="UTC")),
        ("question_type", pa.string()),
        ("text", pa.string()),
    ]
)
ANSWER_COLUMNS = pa.schema(
    [
        ("given_id", pa.string()),
        ("given_question_id", pa.string()),
        ("product_id", pa.string()),
        ("question", pa.string()),
        ("user_id", pa.string()),
        ("answered_at", pa.timestamp("us", tz="UTC")),
        ("n_helpful", pa.int32()),
        ("n_votes", pa.int32()),
        ("text", pa.string()),
    ]
)


def parse_questions(record: Mapping[str, Any], source_file: str) -> Iterator[Parsed]:
    """The questions of one record: one, or those of a product."""
    if _is_own_answer(record):
        return
    for item, question in _questions(record):
        yield _tried(item, lambda q=question: _question(record, q))


def parse_answers(record: Mapping[str, Any], source_file: str) -> Iterator[Parsed]:
    """The answers of one record; one that is refused with its question is refused."""
    if _is_own_answer(record):
        yield _tried("", lambda: _own_answer(record))
        return
    for item, question in _questions(record):
        for place, answer in _answers(item, question):
            yield _tried(place, lambda q=question, a=answer: _answer(record, q, a))


def _tried(item: str, make: Any) -> Parsed:
    try:
        return Parsed(item, make())
    except RefusedError as error:
        return Parsed(item, None, error)


def _is_own_answer(record: Mapping[str, Any]) -> bool:
    is_answer = rules.first(record, "answer_id") is not None
    return is_answer and rules.first(record, "question", "questions") is None


def _questions(record: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    nested = rules.structure(record.get("questions"))
    if nested is None:
        yield "", record
        return
    yield from _elements("questions", nested)


def _answers(
    item: str, question: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    nested = rules.structure(question.get("answers"))
    if nested is not None:
        prefix = f"{item}." if item else ""
        for place, answer in _elements("answers", nested):
            yield prefix + place, answer
    elif question.get("answer") is not None:
        yield item, question


def _elements(name: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, Mapping) for one in value
    ):
        raise rules.wrong_type(name, value, "a list of records")
    for index, one in enumerate(value):
        yield f"{name}[{index}]", one


def _question(record: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "product_id": rules.product_id({**question, **record}),
        "given_id": rules.identifier(question, "question_id", "questionID"),
        "user_id": rules.identifier(question, "askerID", "user_id"),
        "asked_at": rules.moment(question, "questionTime", "asked_at"),
        "question_type": rules.text(question, "questionType", "question_type"),
        "text": rules.needed_text(question, "question", "questionText", "text"),
    }


def _answer(
    record: Mapping[str, Any], question: Mapping[str, Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    asked = _question(record, question)
    return {
        "product_id": asked["product_id"],
        "question": asked["text"],
        "given_question_id": asked["given_id"],
        "given_id": rules.identifier(answer, "answer_id", "answerID"),
        "user_id": rules.identifier(answer, "answererID"),
        "answered_at": rules.moment(answer, "unixTime", "answerTime", "answered_at"),
        **_votes(answer),
        "text": rules.needed_text(answer, "answer", "answerText"),
    }


def _own_answer(record: Mapping[str, Any]) -> dict[str, Any]:
    question_id = rules.identifier(record, "question_id")
    if question_id is None:
        raise RefusedError("missing_question_id", "no question_id, expected an id")
    return {
        "product_id": rules.product_id(record),
        "given_question_id": question_id,
        "given_id": rules.identifier(record, "answer_id"),
        "user_id": rules.identifier(record, "user_id"),
        "answered_at": rules.moment(record, "answered_at"),
        **_votes(record),
        "text": rules.needed_text(record, "text"),
    }


def _votes(answer: Mapping[str, Any]) -> dict[str, int | None]:
    """Both counts of votes, or none: one alone is not kept."""
    helpful = rules.structure(answer.get("helpful"))
    if helpful is None:
        helpful = answer.get("n_helpful"), answer.get("n_votes")
    if not isinstance(helpful, list | tuple) or len(helpful) != 2:
        raise rules.wrong_type("helpful", helpful, "[helpful, all] votes")
    n_helpful, n_votes = (rules.count("helpful", value) for value in helpful)
    if n_helpful is None or n_votes is None:
        return {"n_helpful": None, "n_votes": None}
    if n_helpful > n_votes:
        raise rules.wrong_type("helpful", helpful, "no more helpful votes than votes")
    return {"n_helpful": n_helpful, "n_votes": n_votes}
