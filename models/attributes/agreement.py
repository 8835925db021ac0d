"""Whether a value that was found is the one that the shop specifies.

| found and specified | agree where |
|---|---|
| measures, both with a unit | the numbers are the same in one unit, within 1 %, whatever their order: shops round; a single one lies in the other's range |
| codes: words of letters and four digits or more | they are the same without their marks; between digits any mark but `-` and `_` stays |
| any others | the canonical form is the same, or all words of one are in the other, a negation like `not` in both or in neither |
"""  # noqa: E501 - a row of a table is one line

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.attributes.normal import normal_value
from models.attributes.spellings import UNITS, singular

_TOLERANCE = 0.01
_NUMBER = re.compile(r"(?<!\S)-?\d+(?:\.\d+)?")
_RANGE = " - "
_KINDS = "|".join(re.escape(one) for one in sorted({u.told_in for u in UNITS.values()}))
# As `measures.told` tells them.
_MEASURE = re.compile(
    rf"(?:up to )?(-?\d[\d.]*(?:(?: x | - )-?\d[\d.]*)*) ({_KINDS})( \+)?"
)
# Numbers with their decimals, and runs of letters.
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
# Of fewer digits it may be a range, as "1-2people" is.
_CODE_DIGITS = 4
_MARK = re.compile(r"[-_]|(?<!\d)[^\w\s]|[^\w\s](?!\d)")
_NEGATIONS = frozenset({"no", "non", "not", "never", "without"})


@dataclass(frozen=True)
class _Measure:
    numbers: Sequence[float]
    unit: str
    is_range: bool


def agree(found: str, specified: str) -> bool:
    """Whether the two say the same.

    >>> agree('12" x 8"', "20.3 x 30.5 cm"), agree("12 in", "12 cm")
    (True, False)
    >>> agree("steel", "Stainless Steel"), agree("waterproof", "not waterproof")
    (True, False)
    """
    forms = normal_value(found), normal_value(specified)
    if forms[0] == forms[1]:
        return True
    one, other = map(_measure, forms)
    if one is not None and other is not None:
        return one.unit == other.unit and _same_size(one, other)
    codes = _code(found), _code(specified)
    if codes[0] is not None and codes[0] == codes[1]:
        return True
    words, others = _words(found), _words(specified)
    is_part = bool(words and others) and (words <= others or others <= words)
    return is_part and words & _NEGATIONS == others & _NEGATIONS


def _code(value: str) -> str | None:
    code = _MARK.sub("", value.strip().lower())
    has_letter, n_digits = re.search(r"[^\W\d_]", code), len(re.findall(r"\d", code))
    is_code = has_letter and n_digits >= _CODE_DIGITS and not re.search(r"\s", code)
    return code if is_code else None


def _measure(form: str) -> _Measure | None:
    match = _MEASURE.fullmatch(form)
    if match is None:
        return None
    numbers = sorted(map(float, _NUMBER.findall(match[1])))
    return _Measure(numbers, match[2], _RANGE in match[1])


def _same_size(one: _Measure, other: _Measure) -> bool:
    if len(one.numbers) == len(other.numbers):
        return all(map(_alike, one.numbers, other.numbers))
    single, wide = sorted((one, other), key=lambda measure: len(measure.numbers))
    if len(single.numbers) > 1 or not wide.is_range or len(wide.numbers) > 2:
        return False
    low, high = wide.numbers
    return low <= single.numbers[0] <= high


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= _TOLERANCE * max(abs(one), abs(other))


def _words(value: str) -> set[str]:
    return {singular(word) for word in _WORD.findall(value.lower())}
