"""Pairs of hetPQA: `hetPQA/evidence_ranking-*` of amazon-science/contextual-product-qa.

Tab-separated in spite of the source's name for it, quoted as CSV is: quotes inside a
quoted cell are doubled. Evidence is of six kinds, review sentences one of them.
"""

from collections.abc import Iterator
from typing import IO

from jobs.sources.graded import GradedPair, grade_of, table_rows
from jobs.sources.sets import text_of

HIGHEST = 1
_COLUMNS = ("question", "ASIN", "candidate", "source", "label")


def read_hetpqa(path: str, stream: IO[str]) -> Iterator[GradedPair]:
    """One pair a row, graded 0 or 1; the set names no domain.

    Raises:
        SettingsError: The file is no such table, with the line.
    """
    for place, row in table_rows(path, stream, _COLUMNS, delimiter="\t"):
        yield GradedPair(
            product_id=row["ASIN"],
            question=text_of(place, row, "question"),
            sentence=text_of(place, row, "candidate"),
            grade=grade_of(place, row, "label", HIGHEST),
            source=row["source"],
        )
