"""MRQA 2019's JSON lines (HotpotQA, NewsQA and others): a header, then contexts.

`[PAR]`, `[TLE]`, `[DOC]` and `[SEP]` part the paragraphs of a context, and so do
Natural Questions' tags; a title, which the next mark ends, is no sentence. Right is the
sentence of the first place at which an answer was detected outside of a title: one a
question, as in 4.6's counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import (
    ELSEWHERE,
    NO_ANSWER,
    AskedQuestion,
    LeftOut,
    Paragraph,
)
from jobs.sources.sets import objects

_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
_MARK = re.compile(
    r"""
    \[TLE\] .*? (?= \[(?:PAR|TLE|DOC|SEP)\] )
    | \[(?:PAR|TLE|DOC|SEP)\]
    | </?(?:P|Table|T[rdh]|[UOD]l|Li|D[dt]|H[1-6]|Caption)(?:_[^<>\s]*)?>
    """,
    re.DOTALL | re.VERBOSE,
)


def read_mrqa(path: str, stream: IO[str]) -> Iterator[AskedQuestion | LeftOut]:
    """One row a question; its right sentence is the group.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        if "header" in record:
            continue
        try:
            yield from _of_context(record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SettingsError(
                f"{place}: {error!r}, expected context and qas with detected_answers"
                " and char_spans"
            ) from None


def _of_context(record: Mapping[str, Any]) -> Iterator[AskedQuestion | LeftOut]:
    # One line feed is a break of the layout, two part paragraphs.
    context = _BREAK.sub(" ", record["context"])
    # Of one length, so that the places stay: a mark is a paragraph's end.
    plain = _MARK.sub(lambda mark: "\n" * len(mark.group()), context)
    paragraph = Paragraph(plain)
    for asked in record["qas"]:
        starts = [
            int(begin)
            for answer in asked["detected_answers"]
            for begin, _ in answer["char_spans"]
        ]
        # A blank stands where a title or a mark did.
        inside = [start for start in starts if plain[start : start + 1].strip()]
        row = paragraph.asked(asked["question"], inside[:1], group="")
        if isinstance(row, AskedQuestion):
            yield replace(row, group=row.answers[0])
        else:
            yield ELSEWHERE if starts and row is NO_ANSWER else row
