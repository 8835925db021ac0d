"""Amazon's questions with community answers, in all shapes: the whole answer counts.

Each line is a Python literal or a JSON object: a question with one answer, with a list
of answers, or a product's questions. The right passages of a question are all its
answers, and so are its candidates: what else answers is asked of all answers of the
category.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import BLANK, NO_ANSWER, AskedQuestion, LeftOut, tidy
from jobs.sources.sets import loaded
from udfs.pieces import RefusedError
from udfs.records import record


def read_amazon_qa(path: str, stream: IO[str]) -> Iterator[AskedQuestion | LeftOut]:
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
            for key, answers in _questions(loaded(line, record)):
                found.setdefault(key, []).extend(answers)
        except (RefusedError, KeyError, TypeError, ValueError) as error:
            told = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise SettingsError(
                f"{path}:{number}: {told}, expected asin, question and answer, or"
                " asin and questions"
            ) from None
    for (product, question), answers in found.items():
        distinct = tuple(dict.fromkeys(filter(None, answers)))
        if not question:
            yield BLANK
        elif not distinct:
            yield NO_ANSWER
        else:
            yield AskedQuestion(question, distinct, distinct, product, domain)


def _questions(
    record: Mapping[str, Any],
) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Product and question, and its answers; no other field is looked at."""
    product = _text(record, "asin")
    if "answer" in record:
        yield (product, _text(record, "question")), [_text(record, "answer")]
        return
    for asked in record.get("questions", [record]):
        answers = [_text(answer, "answerText") for answer in asked["answers"]]
        yield (product, _text(asked, "questionText")), answers


def _text(record: Mapping[str, Any], name: str) -> str:
    found = record[name]
    if not isinstance(found, str):
        raise ValueError(f"{name} {found!r}")
    return tidy(found)
