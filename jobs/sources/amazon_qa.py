"""Amazon's questions with community answers, in both shapes: the whole answer counts.

Each line is a Python literal or a JSON object. The right passages of a
question are all its answers, and so are its candidates: what else answers is asked of
all answers of the category.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, tidy
from udfs.pieces import RefusedError
from udfs.records import LITERAL_ERRORS, literal


def read_amazon_qa(path: str, stream: IO[str]) -> Iterator[AskedQuestion]:
    """One row a question of a product; the file's name is the domain.

    Raises:
        SettingsError: A line is no record, or breaks a rule, with its number.
    """
    domain = Path(path).name.partition(".")[0]
    found: dict[tuple[str, str], list[str]] = {}
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            for key, answer in _pairs(_record(line)):
                found.setdefault(key, []).append(answer)
        except (*LITERAL_ERRORS, RefusedError, KeyError, TypeError) as error:
            raise SettingsError(
                f"{path}:{number}: {error!r}, expected asin, question and answer, or"
                " asin and questions"
            ) from None
    for (product, question), answers in found.items():
        distinct = tuple(dict.fromkeys(filter(None, answers)))
        if question and distinct:
            yield AskedQuestion(question, distinct, distinct, product, domain)


def _pairs(record: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Product and question, and each answer; no other field is looked at."""
    product = str(record["asin"])
    if "questions" not in record:
        yield (product, tidy(record["question"])), tidy(record["answer"])
        return
    for asked in record["questions"]:
        for answer in asked["answers"]:
            yield (product, tidy(asked["questionText"])), tidy(answer["answerText"])


def _record(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = literal(line)
    if not isinstance(found, Mapping):
        raise RefusedError("wrong_type", f"{type(found).__name__}, expected a record")
    return found
