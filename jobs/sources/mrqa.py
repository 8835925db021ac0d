"""MRQA 2019's JSON lines (HotpotQA, NewsQA and others): a header, then contexts.

`[PAR]`, `[TLE]`, `[DOC]` and `[SEP]` part the paragraphs of a context. Right is every
sentence in which a detected answer starts.
"""

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, of_spans
from jobs.sources.sets import objects
from models.sentences.prose import sentence_spans

_MARK = re.compile(r"\[(?:PAR|TLE|DOC|SEP)\]")


def read_mrqa(path: str, stream: IO[str]) -> Iterator[AskedQuestion]:
    """One row a question; a context is a group.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        if "header" in record:
            continue
        try:
            yield from _of_context(record, place)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise SettingsError(
                f"{place}: {error!r}, expected context and qas with detected_answers"
                " and char_spans"
            ) from None


def _of_context(record: Mapping[str, Any], place: str) -> Iterator[AskedQuestion]:
    context = record["context"]
    # Of one length, so that the places stay: a mark is a paragraph's end.
    plain = _MARK.sub(lambda mark: "\n" * len(mark.group()), context)
    spans = sentence_spans(plain)
    for asked in record["qas"]:
        starts = [
            int(begin)
            for answer in asked["detected_answers"]
            for begin, _ in answer["char_spans"]
        ]
        row = of_spans(asked["question"], plain, spans, starts, group=place)
        if row is not None:
            yield row
