"""The project's own labelled pairs: JSON lines.

`question` and `sentence` with a `label` (0 or 1), a `grade` (0 to 1), or both, and if
known `product_id`, `source`, `domain`; other names are passed over. Where both are
given the grade stands, and the rule of the run makes the label of it.
"""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.graded import GradedPair
from jobs.sources.sets import objects, text_of

_OPTIONAL = ("product_id", "source", "domain")


def read_jsonl(path: str, stream: IO[str]) -> Iterator[GradedPair]:
    """One pair a line that is not blank.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        yield _pair(place, record)


def _pair(place: str, record: Mapping[str, Any]) -> GradedPair:
    return GradedPair(
        question=text_of(place, record, "question"),
        sentence=text_of(place, record, "sentence"),
        grade=_grade(place, record),
        **{name: str(record.get(name) or "") for name in _OPTIONAL},
    )


def _grade(place: str, record: Mapping[str, Any]) -> float:
    label, grade = record.get("label"), record.get("grade")
    has_label = type(label) in (int, bool) and label in (0, 1)
    if not has_label and (label is not None or grade is None):
        raise SettingsError(f"{place}: label {label!r}, expected 0 or 1")
    if grade is None:
        return float(label or 0)
    if type(grade) not in (int, float) or not 0 <= grade <= 1:
        raise SettingsError(f"{place}: grade {grade!r}, expected a number from 0 to 1")
    return float(grade)
