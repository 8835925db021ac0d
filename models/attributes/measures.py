"""Measures told in one unit for each kind: lengths in cm, weights in g, times in h.

A regular expression of the known units decides what is a measure; `pint` only converts
its numbers, since its parser takes 0.1 ms and finds units in many a word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

from models.attributes.places import number_key
from models.attributes.spellings import NUMBER_WORDS, UNITS, Unit

_MAX_CHARACTERS = 80
_NUMBER = (
    r"-?(?:\d+[ -]\d+/[1-9]\d*|\d+/[1-9]\d*|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)"
    r"|\d+,\d{1,2}(?!\d)|\d+(?:\.\d+)?|\.\d+)"
)
_UNIT = "|".join(
    re.escape(spelling).replace(r"\ ", "[ -]?")
    + ("(?![a-z0-9])" if spelling[-1].isalnum() else "")
    for spelling in sorted(UNITS, key=len, reverse=True)
)
_SIDE = r"(?: ?(?:[lwhd]|wide|high|tall|deep|long|thick)(?![a-z]))?"
_MEASURE = re.compile(rf"({_NUMBER})(?:[ -]?({_UNIT}){_SIDE})?")
_WITH_UNIT = rf"{_NUMBER}[ -]?(?:{_UNIT})"
_COMPOUND = re.compile(rf"{_WITH_UNIT}(?:(?:,| and)? ?{_WITH_UNIT})+")
_NOUN = re.compile(r"(.*\d) ([a-z]+(?: [a-z]+){0,2})")
_TIMES = re.compile(r" ?(?:\*|(?<![a-z])x(?![a-z])|(?<=[a-z])x(?=\d)|\bby\b) ?")
# Not before the half of "1-1/2".
_RANGE = re.compile(r"(?<=[^ ]) ?-(?! ?\d+/\d) ?(?=[\d.])| to (?=[-\d.])")
_OR_MORE = re.compile(r" ?\+$| (?:and|&|or) (?:up|above|over|older|more)$")
_PLUS = re.compile(r"(?<=\d)\+(?= ?[a-z])")
# Not of "one size", which counts nothing, and not a part of "twenty-five".
_NUMBER_WORD = re.compile(
    rf"(?<![\w-])({'|'.join(NUMBER_WORDS)})(?!\w| size|-(?:{'|'.join(NUMBER_WORDS)}))"
)
_UP_TO = "up to "
_SPACES = re.compile(r"[ -]+")
# "cu ft", "cu-ft" and "cuft" are one.
_UNIT_OF = {_SPACES.sub("", spelling): unit for spelling, unit in UNITS.items()}
# Generations of mobile networks are no grams.
_NETWORK = re.compile(r"[2-6]g")


@dataclass(frozen=True)
class _Measure:
    written: str
    number: Fraction
    unit: Unit | None


def told(text: str) -> str | None:
    """The canonical form of a number, measure, range or size; None where it is none.

    Six significant digits where there is a unit, all digits where there is none.

    Args:
        text: Lower case, single spaces, plain characters.

    >>> told("12 x 8 in"), told("5 ft 3 in"), told("3 years and up")
    ('30.48 x 20.32 cm', '160.02 cm', '26298 h +')
    >>> told("2 to 4 players"), told("stainless steel")
    ('2 - 4 players', None)
    """
    if len(text) > _MAX_CHARACTERS or _NETWORK.fullmatch(text):
        return None
    digits = _NUMBER_WORD.sub(lambda found: NUMBER_WORDS[found[0]], text)
    if not any(character.isdigit() for character in digits):
        return None
    exact = digits.removeprefix(_UP_TO)
    bare = _PLUS.sub("", _OR_MORE.sub("", exact))
    form = _sizes(bare) or _counted(bare)
    if form is None:
        return None
    up_to = _UP_TO if exact != digits else ""
    return f"{up_to}{form}{'' if bare == exact else ' +'}"


def _counted(text: str) -> str | None:
    """A number or a range of something that is no unit."""
    noun = _NOUN.fullmatch(text)
    form = None if noun is None else _sizes(noun[1])
    if noun is None or form is None or form[-1:].isalpha():
        return None
    return f"{form} {noun[2]}"


def _sizes(text: str) -> str | None:
    """Measures, or ranges of them, by one another: length by width by height."""
    parts: list[list[_Measure]] = []
    for part in _TIMES.split(text):
        ends = [_measure(end) for end in _RANGE.split(part)]
        known = [end for end in ends if end is not None]
        if not len(known) == len(ends) <= 2:
            return None
        parts.append(known)
    units = [one.unit for part in parts for one in part if one.unit is not None]
    if not units:
        return _joined([[one.written for one in part] for part in parts])
    # "12 in x 8": nobody knows of what unit the last one is.
    if parts[-1][-1].unit is None or len({unit.told_in for unit in units}) > 1:
        return None
    return f"{_joined(_converted(parts))} {units[0].told_in}"


def _joined(numbers: Sequence[Sequence[str]]) -> str:
    return " x ".join(" - ".join(dict.fromkeys(part)) for part in numbers)


def _converted(parts: Sequence[Sequence[_Measure]]) -> list[list[str]]:
    """Numbers in the kind's unit; one without a unit has that of the next one."""
    unit: Unit | None = None
    backwards: list[list[str]] = []
    for part in reversed(parts):
        row: list[str] = []
        for one in reversed(part):
            unit = one.unit or unit
            assert unit is not None
            row.append(_number(_in_kind(float(one.number), unit)))
        backwards.append(row[::-1])
    return backwards[::-1]


def _measure(text: str) -> _Measure | None:
    """A number with or without a unit, or a sum in falling units: 5 ft 3 in."""
    match = _MEASURE.fullmatch(text)
    if match is not None:
        return _of(match)
    if _COMPOUND.fullmatch(text) is None:
        return None
    parts = [_of(one) for one in _MEASURE.finditer(text)]
    units = [one.unit for one in parts if one.unit is not None]
    if len({unit.told_in for unit in units}) > 1:
        return None
    told_in = UNITS[units[0].told_in]
    sizes = [_in_kind(1, unit) for unit in units]
    if any(size <= smaller for size, smaller in pairwise(sizes)):
        return None
    total = sum(
        _in_kind(float(one.number), one.unit) for one in parts if one.unit is not None
    )
    return _Measure(text, Fraction(total), told_in)


def _of(match: re.Match[str]) -> _Measure:
    spelling = match[2]
    unit = None if spelling is None else _UNIT_OF[_SPACES.sub("", spelling)]
    written = " ".join(number_key(one) for one in match[1].replace("-", " ").split())
    sign = "-" if match[1].startswith("-") else ""
    number = sum(map(Fraction, written.replace(",", "").split()))
    return _Measure(sign + written, Fraction(f"{sign}1") * number, unit)


def _in_kind(number: float, unit: Unit) -> float:
    """The number of units of its kind."""
    target = UNITS[unit.told_in]
    if unit.name == target.name:
        return number
    found = _registry().Quantity(number, unit.name).to(target.name)
    return float(found.magnitude)


@cache
def _registry() -> Any:
    import pint  # takes half a second: only where a measure is converted

    return pint.UnitRegistry()


def _number(number: float) -> str:
    return number_key(format(Decimal(f"{number:.6g}"), "f"))
