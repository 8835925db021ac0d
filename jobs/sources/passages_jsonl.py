"""The project's own questions with passages: JSON lines.

`question`, and `answers` (texts) or one `answer`; if known `candidates` (texts, the
right ones or not), `group` (what a split keeps together; else the question stands for
itself) and `domain`. Other names are passed over.
"""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, tidy
from jobs.sources.sets import objects, text_of


def read_passages_jsonl(path: str, stream: IO[str]) -> Iterator[AskedQuestion]:
    """One row a line that is not blank.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        question = _text(place, record, "question")
        if "answers" in record:
            answers = _texts(place, record, "answers")
        else:
            answers = (_text(place, record, "answer"),)
        if not answers:
            raise SettingsError(f"{place}: answers [], expected some")
        others = _texts(place, record, "candidates") if "candidates" in record else ()
        yield AskedQuestion(
            question=question,
            answers=answers,
            candidates=tuple(dict.fromkeys([*answers, *others])),
            group=_named(record, "group") or question,
            domain=_named(record, "domain"),
        )


def _named(record: Mapping[str, Any], name: str) -> str:
    found = record.get(name)
    return "" if found is None else str(found)


def _text(place: str, record: Mapping[str, Any], name: str) -> str:
    found = tidy(text_of(place, record, name))
    if not found:
        raise SettingsError(f"{place}: {name} {record[name]!r}, expected a text")
    return found


def _texts(place: str, record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = record[name]
    if not isinstance(found, list) or not all(
        isinstance(one, str) and tidy(one) for one in found
    ):
        raise SettingsError(f"{place}: {name} {found!r}, expected a list of texts")
    return tuple(dict.fromkeys(map(tidy, found)))
