"""What a reader of a labelled set gives, and the rows of its files."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from jobs.config import SettingsError

_MAX_FIELD = 10_000_000


@dataclass(frozen=True)
class GradedPair:
    """A question with a sentence, and how well people say it answers.

    Attributes:
        product_id: Product of both; empty where the set names none.
        question: Text of the question.
        sentence: Text of the sentence.
        grade: In the set's own units, from 0 to the set's highest.
        source: Kind of text the sentence is from; empty where unknown.
        domain: Domain of the product; empty where unknown.
    """

    product_id: str
    question: str
    sentence: str
    grade: float
    source: str = ""
    domain: str = ""


Reader = Callable[[str, IO[str]], Iterator[GradedPair]]


def table_rows(
    path: str, stream: IO[str], columns: Sequence[str], *, delimiter: str = ","
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The rows of a CSV file with a header, each with its place, `path:line`.

    Args:
        path: Of the file, for messages.
        stream: The open file.
        columns: Those that have to be there; more may.
        delimiter: Between two cells.

    Raises:
        SettingsError: A column is missing, or a row has too few or too many cells.
    """
    csv.field_size_limit(_MAX_FIELD)
    rows = csv.DictReader(stream, delimiter=delimiter)
    header = rows.fieldnames or ()
    missing = sorted(set(columns) - set(header))
    if missing:
        raise SettingsError(f"{path}:1: no column {missing}, expected {list(columns)}")
    for row in rows:
        place = f"{path}:{rows.line_num}"
        n_cells = sum(cell is not None for cell in row.values())
        if None in row or n_cells != len(header):
            raise SettingsError(f"{place}: row cut, expected {len(header)} cells")
        yield place, row


def grade_of(place: str, row: Mapping[str, str], name: str, highest: int) -> int:
    """A whole number from 0 to `highest` in a cell.

    Raises:
        SettingsError: It is something else.
    """
    grades = [str(grade) for grade in range(highest + 1)]
    text = row[name].strip()
    if text not in grades:
        *first, last = grades
        expected = f"{', '.join(first)} or {last}"
        raise SettingsError(f"{place}: {name} {text!r}, expected {expected}")
    return int(text)
