"""Pairs of ePQA: `ePQA/*.csv` of amazon-science/contextual-product-qa.

A candidate fully answers the question (2), helps without answering it (1), or does
neither (0). Candidates are review sentences and texts of other kinds; `source` tells.
"""

from collections.abc import Iterator
from typing import IO

from jobs.sources.graded import GradedPair, grade_of, table_rows
from jobs.sources.sets import text_of

HIGHEST = 2
_COLUMNS = ("question", "ASIN", "candidate", "source", "label")


def read_epqa(path: str, stream: IO[str]) -> Iterator[GradedPair]:
    """One pair a row, graded 0 to 2; the set names no domain.

    Raises:
        SettingsError: The file is no such table, with the line.
    """
    for place, row in table_rows(path, stream, _COLUMNS):
        yield GradedPair(
            product_id=row["ASIN"],
            question=text_of(place, row, "question"),
            sentence=text_of(place, row, "candidate"),
            grade=grade_of(place, row, "label", HIGHEST),
            source=row["source"],
        )
