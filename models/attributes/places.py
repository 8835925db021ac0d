"""All places of a value in a text, however the text spells it.

Text and value are cut into words, numbers and symbols, and compared piece by piece:

| differs | is the same |
|---|---|
| case, white space, hyphens | `Red  Wine` red-wine |
| the last word's plural | `AA Batteries` AA battery |
| a unit behind a number | `12"` 12 in. 12-inch 12 inches |
| how a number is written | `1,500 mAh` 1500 mAh, `2.50 l` 2.5 Liters, `two hours` 2 h |
| American, British | `Grey` gray |

A value begins and ends at a word's border and is no part of a larger number: "3 years"
is not in "1-3 years", "2 inch" not in "1/2 inch", "8 inches" not in "12 x 8 inches". It
takes time linear in the text, whatever the text.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from models.attributes.examples import Span
from models.attributes.spellings import (
    NUMBER_WORDS,
    SAME_WORDS,
    UNIT_PREFIXES,
    UNITS,
    singular,
)

# Longer values have no place: the bound keeps the search linear.
MAX_PIECES = 50
_PIECE = re.compile(
    r"\d+(?:[.,/]\d+)*|(?<![\w.])\.\d+|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_JOINS = frozenset("-‐‑–—®™©\u00ad\u200b")
_DASHES = frozenset("-‐‑–—")
_TIMES = frozenset({"x", "×", "by", "to", "*"})
_OUTER = frozenset(".,;:!?•|/")
_MAX_ABBREVIATION = 2


@dataclass(frozen=True)
class _Pieces:
    """A text in pieces.

    Attributes:
        spans: Characters of each.
        words: Each in its common spelling, whatever stands before it.
        keys: The same, a unit behind a number by the unit's name.
        stems: `keys` without plural endings.
        firsts: Places of each word without its plural ending.
    """

    spans: tuple[Span, ...]
    words: tuple[str, ...]
    keys: tuple[str, ...]
    stems: tuple[str, ...]
    firsts: dict[str, list[int]]


def places_of(text: str, value: str) -> list[Span]:
    """The places of a value in a text, in its order; they do not overlap.

    Args:
        text: To search; `text[begin:end]` is its own spelling of the value.
        value: A value without a word or number has no place.

    >>> places_of('A 12" pan, 12-inch lid', "12 inches")
    [(2, 5), (11, 18)]
    >>> places_of("Ages 1-3 years", "3 years")
    []
    """
    wanted = _pieces(value)
    first, last = _inner(wanted.words)
    size = last - first
    if not 0 < size <= MAX_PIECES:
        return []
    pieces = _pieces(text)
    middle, final = wanted.keys[first + 1 : last - 1], wanted.stems[last - 1]
    found: list[Span] = []
    free = 0
    for start in pieces.firsts.get(singular(wanted.words[first]), ()):
        end = start + size
        if start < free or end > len(pieces.spans):
            continue
        if size > 1:
            # What stands before the first piece may make a unit of it: not compared.
            is_same = (
                pieces.words[start] == wanted.words[first]
                and pieces.keys[start + 1 : end - 1] == middle
                and pieces.stems[end - 1] == final
            )
        else:
            is_same = _is_spelt_alike(text, pieces.spans[start], value)
        if is_same and not _is_cut(text, pieces, start, end):
            found.append((pieces.spans[start][0], pieces.spans[end - 1][1]))
            free = end
    return found


def _is_spelt_alike(text: str, span: Span, value: str) -> bool:
    """Whether a lone piece is a number in both or in neither: "one" is rarely a 1."""
    return text[span[0]].isdigit() == any(one.isdigit() for one in value)


def _inner(words: tuple[str, ...]) -> Span:
    """The pieces of a value without the punctuation around them."""
    first, last = 0, len(words)
    while first < last and words[first] in _OUTER:
        first += 1
    while last > first and words[last - 1] in _OUTER:
        last -= 1
    if last - first > 1 and (words[first], words[last - 1]) == ("(", ")"):
        first, last = first + 1, last - 1
    has_word = any(word[0].isalnum() for word in words[first:last])
    return (first, last) if has_word else (0, 0)


@lru_cache(maxsize=256)
def _pieces(text: str) -> _Pieces:
    spans: list[Span] = []
    words: list[str] = []
    keys: list[str] = []
    before = " "
    for piece in _PIECE.finditer(text):
        if _is_joint(text, piece.start(), before):
            continue
        before = text[piece.start() : piece.end()]
        word = _word(before)
        spans.append(piece.span())
        keys.append(_key(word, keys))
        words.append(word)
    firsts: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        firsts.setdefault(singular(word), []).append(place)
    return _Pieces(
        tuple(spans), tuple(words), tuple(keys), tuple(map(singular, keys)), firsts
    )


def _is_joint(text: str, at: int, before: str) -> bool:
    """Whether a piece says nothing: a hyphen in a word, a dot behind a short one."""
    one = text[at]
    if one in _DASHES:
        around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
        return not around.isspace()
    if one == ".":
        is_short = len(before) <= _MAX_ABBREVIATION or before.lower() in UNITS
        return is_short and before.isalpha() and text[at - 1 : at].isalpha()
    return one in _JOINS


@lru_cache(maxsize=65_536)
def _word(piece: str) -> str:
    """The common spelling of one piece."""
    low = piece.lower()
    if low in UNITS:
        return low
    plain = unicodedata.normalize("NFKC", low).replace("'", "").replace("’", "")
    if plain[:1].isdigit() or plain[:1] == ".":
        return number_key(plain)
    return NUMBER_WORDS.get(plain) or SAME_WORDS.get(plain, plain) or low


def number_key(number: str) -> str:
    """A number without thousands' commas and without zeros behind its decimals.

    >>> [number_key(number) for number in ("1,500", "2.50", ".5", "1,5", "007")]
    ['1500', '2.5', '0.5', '1.5', '007']
    """
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(number):
        number = number.replace(",", ".")
    if number.count(".") == 1 and "," not in number and "/" not in number:
        number = number.rstrip("0").rstrip(".")
        return f"0{number}" if number.startswith(".") else number or "0"
    return number


def _key(word: str, before: list[str]) -> str:
    """A word behind what stands before it: a unit's name where a number does."""
    if word in UNIT_PREFIXES:
        return UNIT_PREFIXES[word]
    previous = before[-1] if before else ""
    if previous[:1].isdigit() or previous in UNIT_PREFIXES.values():
        unit = UNITS.get(word)
        return word if unit is None else unit.name
    return word


def _is_cut(text: str, pieces: _Pieces, start: int, end: int) -> bool:
    """Whether the pieces are a part of a longer word or of a larger number."""
    begin, stop = pieces.spans[start][0], pieces.spans[end - 1][1]
    if text[begin].isalnum() and text[max(0, begin - 1) : begin].isalnum():
        return True
    if text[stop - 1].isalnum() and text[stop : stop + 1].isalnum():
        return True
    return _goes_on(text, pieces, start - 1, start) or _goes_on(
        text, pieces, end - 1, end
    )


def _goes_on(text: str, pieces: _Pieces, one: int, other: int) -> bool:
    """Whether two neighbouring pieces belong to one number, range or size."""
    if one < 0 or other >= len(pieces.spans):
        return False
    left, right = pieces.words[one], pieces.words[other]
    between = text[pieces.spans[one][1] : pieces.spans[other][0]].strip()
    if _is_number(left) and _is_number(right):
        is_fraction = "/" in left or "/" in right
        return is_fraction or bool(between and set(between) <= _DASHES)
    # "12 x |8 inches|" and "|12| x 8 inches"
    if _is_number(right) and left in _TIMES | _DASHES and one > 0:
        return _is_number(pieces.words[one - 1]) or pieces.keys[one - 1] in _UNIT_NAMES
    if _is_number(left) and right in _TIMES | _DASHES and other + 1 < len(pieces.spans):
        return _is_number(pieces.words[other + 1])
    return False


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


_UNIT_NAMES = frozenset(unit.name for unit in UNITS.values())
