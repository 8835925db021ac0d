"""QED: questions of Natural Questions with paragraphs whose sentences are marked.

A right sentence is one in which a short answer of any annotator starts; where none is
given, the sentence that the explanation selects.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, of_spans
from jobs.sources.sets import objects, text_of


def read_qed(path: str, stream: IO[str]) -> Iterator[AskedQuestion]:
    """One row a line with an answer; a page is a group.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        question = text_of(place, record, "question_text")
        paragraph = record.get("paragraph_text")
        if not isinstance(paragraph, str) or not paragraph.strip():
            raise SettingsError(f"{place}: paragraph_text {paragraph!r}, expected one")
        try:
            borders = [int(one) for one in record["sentence_starts"]]
            starts = _starts(record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SettingsError(
                f"{place}: {error!r}, expected sentence_starts and original_nq_answers"
            ) from None
        row = of_spans(
            question,
            paragraph,
            [*pairwise([*borders, len(paragraph)])],
            starts,
            group=str(record.get("title_text") or record.get("url") or place),
        )
        if row is not None:
            yield row


def _starts(record: Mapping[str, Any]) -> list[int]:
    found = [
        int(one["start"]) for answer in record["original_nq_answers"] for one in answer
    ]
    if found:
        return found
    selected = record.get("annotation", {}).get("selected_sentence") or {}
    return [int(selected["start"])] if "start" in selected else []
