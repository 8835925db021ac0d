"""QED: questions of Natural Questions with paragraphs whose sentences are marked.

A right sentence is one in which a short answer of any annotator starts; where none is
given, the sentence that the explanation selects.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, LeftOut, Paragraph
from jobs.sources.sets import objects, text_of


def read_qed(path: str, stream: IO[str]) -> Iterator[AskedQuestion | LeftOut]:
    """One row a line; a page is a group.

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
            if borders != sorted(borders) or borders[-1:] > [len(paragraph)]:
                raise ValueError(f"sentence_starts {borders}")
            whole = Paragraph(paragraph, [*pairwise([*borders, len(paragraph)])])
            starts = _starts(record, whole)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SettingsError(
                f"{place}: {error!r}, expected sentence_starts that rise within the"
                " paragraph, and original_nq_answers"
            ) from None
        yield whole.asked(
            question,
            starts,
            group=str(record.get("title_text") or record.get("url") or place),
        )


def _starts(record: Mapping[str, Any], paragraph: Paragraph) -> list[int | None]:
    found = [
        paragraph.start_of(one.get("string"), int(one["start"]))
        for answer in record["original_nq_answers"]
        for one in answer
    ]
    if found:
        return found
    selected = (record.get("annotation") or {}).get("selected_sentence") or {}
    if "start" not in selected:
        return []
    return [paragraph.start_of(None, int(selected["start"]))]
