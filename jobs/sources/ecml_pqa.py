"""Pairs of the ECML-PKDD 2020 set: `data/Annotated_Data.txt` of zswvivi/ecml_pqa.

One row a question, with all sentences of the product's reviews and three people's
scores of each, 0 (no use) to 3 (answers), both as Python list literals. The literals
are parsed, never evaluated.
"""

import ast
from collections.abc import Iterator
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.graded import GradedPair, table_rows
from jobs.sources.sets import text_of

HIGHEST = 3
_N_SCORES = 3
_COLUMNS = ("asin", "question", "category", "reviews", "annotation_score")


def read_ecml_pqa(path: str, stream: IO[str]) -> Iterator[GradedPair]:
    """One pair a review sentence, graded with the mean of its three scores.

    Raises:
        SettingsError: The file is no such table, with the line.
    """
    for place, row in table_rows(path, stream, _COLUMNS, delimiter="\t"):
        question = text_of(place, row, "question")
        sentences = _list(place, "reviews", row["reviews"])
        scores = _list(place, "annotation_score", row["annotation_score"])
        if len(sentences) != len(scores):
            raise SettingsError(
                f"{place}: {len(sentences)} reviews and {len(scores)} scores,"
                " expected as many"
            )
        for sentence, of_sentence in zip(sentences, scores, strict=True):
            yield GradedPair(
                product_id=row["asin"],
                question=question,
                sentence=text_of(place, {"reviews": sentence}, "reviews"),
                grade=_mean(place, of_sentence),
                source="review",
                domain=row["category"],
            )


def _list(place: str, name: str, text: str) -> list[Any]:
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, list):
        shown = text if len(text) <= 40 else f"{text[:40]}..."
        raise SettingsError(f"{place}: {name} {shown!r}, expected a Python list")
    return found


def _mean(place: str, scores: Any) -> float:
    is_list = isinstance(scores, list) and len(scores) == _N_SCORES
    if not is_list or not all(type(s) is int and 0 <= s <= HIGHEST for s in scores):
        raise SettingsError(
            f"{place}: annotation_score {scores!r}, expected three of 0 to {HIGHEST}"
        )
    return float(sum(scores) / _N_SCORES)
