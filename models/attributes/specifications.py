"""The shop's own specifications of a product: normal names, one value each.

Landed entries are a name and a value; but a value may itself hold names and values, as
a JSON text (`{"Weight": {"value": 2, "unit": "lb"}}`), in lines or between semicolons
("Colour: red; Size: M"), or flattened from a table without any sign between them:
"Technical Details Item Weight181 g Product Dimensions27.4 x 13 cm ASINB00J9UOYRM". Of
the last kind only the names that Amazon's tables use are known.

Left out is what no text can be asked for: names that `names` refuses, values that are
blank or say nothing ("n/a", "see description"), dates, web addresses, long codes,
measures without a unit, and values that are too long to be one.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from models.attributes.names import attribute_name, folded_name
from models.attributes.normal import normal_value

MAX_CHARACTERS = 60
MAX_WORDS = 10
_MAX_DEPTH = 3
_MAX_NAME = 40
# Their name says nothing of what stands in them.
_CONTAINERS = frozenset(
    {"additional information", "attribute", "attributes", "detail", "details"}
    | {"product details", "product information", "product specifications", "specs"}
    | {"specification", "specifications", "technical details", "values"}
)
_SECTIONS = (
    "Technical Details", "Additional Information", "Product Information",
    "Expand General Information", "Expand Nutrition Facts", "Nutrition Facts",
    "Customer Reviews", "Feedback", "Would you like to", "WEEE Directive",
)  # fmt: skip
# Amazon's, as they stand before a value without anything between.
_TABLE_NAMES = (
    "ASIN", "Additives", "Age Range (Description)", "Assembly Required", "Batteries",
    "Batteries Included", "Batteries Required", "Batteries required",
    "Best Sellers Rank", "Brand", "Brand Name", "Capacity", "Carbohydrate",
    "Card Color", "Color", "Color Name", "Colour", "Colour Name",
    "Connectivity Technology", "Country of Origin",
    "Date First Available", "Delivery Destinations", "Educational Objective",
    "Engine Type", "Fabric Color", "Fabric Type", "Fat", "Fibre", "Finish Type",
    "Frame Material", "Included Components", "Item Dimensions", "Item Part Number",
    "Item Package Quantity", "Item Shape", "Item Weight", "Item model number",
    "Language", "Main Language", "Manufacturer", "Manufacturer Part Number",
    "Manufacturer recommended age", "Manufacturer reference", "Manufacturer/Producer",
    "Manufacturer's Suggested Maximum Weight", "Material", "Material Care Instructions",
    "Material Composition", "Material Type", "Maximum Weight", "Model", "Model Name",
    "Model Number", "Mounting Type", "Number Of Items", "Number Of Pieces",
    "Number of Game Players", "Number of Items", "Number of Pieces",
    "Number of Puzzle Pieces", "Original Release Date", "Our recommended age",
    "Package Dimensions", "Package Information", "Part Number", "Pattern",
    "Power Source", "Product Dimensions", "Protein", "Radio Control Frequency",
    "Radio Control Number of Channels", "Radio Control Suitability",
    "Remote Control Included", "Remote Control Type", "Salt", "Saturates", "Scale",
    "Serving Size", "Shape", "Shipping Weight", "Size", "Sodium", "Special Features",
    "Storage Instructions", "Style", "Sugars", "Target gender", "Theme",
    "Track Width/Gauge", "UPC", "Units", "Voltage", "Wattage", "Weight",
)  # fmt: skip
# These are followed by a space and never by a value worth asking for.
_SPACED_NAMES = ("Best Sellers Rank", "Date First Available", "ASIN")
_KNOWN = "|".join(re.escape(one) for one in sorted(_TABLE_NAMES, key=len, reverse=True))
_BORDER = re.compile(
    r"(?P<gap>[ \xa0]{3,}|\xa0{2})"
    rf"|(?<!\S)(?:(?P<section>{'|'.join(_SECTIONS)})(?!\w)"
    rf"|(?P<spaced>{'|'.join(_SPACED_NAMES)})\s"
    # Glued to its value; but "Colors" and "Sized" are words.
    rf"|(?P<name>{_KNOWN})(?:\(s\))?(?:\s?[?:]\s?|(?!(?:s|d|ed|ful|less|ing)\b)(?=\w)))"
)
_HEADED = re.compile(rf"\s*({_KNOWN})\s(?=\S)")
_PART = re.compile(r"[\n\r;|•\t]|,\s(?=[A-Z][\w ]{1,30}:\s)")
_PAIR = re.compile(rf"([^\W\d][^:=]{{0,{_MAX_NAME}}}?)\s*[:=]\s*(\S.*)")

_SAYS_NOTHING = frozenset(
    {"", "-", "as shown", "assorted", "does not apply", "generic", "n a", "n/a", "na"}
    | {"nil", "none", "not applicable", "not available", "not specified", "null"}
    | {"other", "see description", "tbd", "unavailable", "unbranded", "unknown"}
    | {"unspecified", "various"}
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NO_VALUE = re.compile(
    rf"https?://|\bwww\.|\bclick here\b|\b(?:19|20)\d\d-\d\d-\d\d\b"
    rf"|\b\d{{1,2}}\s{_MONTH},?\s\d{{4}}\b|\b{_MONTH}\s\d{{1,2}},?\s\d{{4}}\b"
    r"|\bb0[a-z\d]{8}\b|\b\d{11,}\b",
    re.IGNORECASE,
)
_MEASURED = frozenset(
    {"depth", "diameter", "dimensions", "height", "length", "thickness", "volume"}
    | {"weight", "width"}
)
_NUMBERS = re.compile(r"[\d\s.,x/*-]+")


def specified(entries: Mapping[str, str]) -> dict[str, str]:
    """The shop's value of each attribute, by normal name, in alphabetical order.

    Of two names for one attribute the one that is nearer to the normal name counts,
    then the alphabetically first; the order of the entries is of no account.

    Args:
        entries: Names and values as landed.

    >>> specified({"Brand Name": "Acme", "UPC": "712038", "details": "Colour: red"})
    {'brand name': 'Acme', 'color': 'red'}
    """
    return {name: one for name, (is_value, one) in _of_names(entries) if is_value}


def stated(entries: Mapping[str, str]) -> dict[str, str]:
    """As `specified`, and with it what no text can be asked for but says something.

    Whether the shop names an attribute at all: a value may be too long to be looked
    for, or lack its unit.

    >>> stated({"Item Weight": "5", "Color": "n/a"}), specified({"Item Weight": "5"})
    ({'item weight': '5'}, {})
    """
    return {name: one for name, (_, one) in _of_names(entries)}


def _of_names(entries: Mapping[str, str]) -> list[tuple[str, tuple[bool, str]]]:
    """Of each name whether what it says is a value, which goes before all else."""
    best: dict[str, tuple[bool, bool, str, str]] = {}
    for raw, value in _entries(entries, 0):
        name = attribute_name(raw)
        plain = _plain(value)
        if not name or not _says_something(name, plain):
            continue
        candidate = not _is_value(name, plain), folded_name(raw) != name, raw, plain
        best[name] = min(candidate, best.get(name, candidate))
    return [(name, (not best[name][0], best[name][3])) for name in sorted(best)]


def _entries(entries: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    for raw, value in entries.items():
        if value is None or depth > _MAX_DEPTH:
            continue
        found = _structure(value)
        name = str(raw)
        if isinstance(found, Mapping):
            yield from _of_mapping(name, found, depth)
        elif isinstance(found, list):
            yield from _of_list(name, found, depth)
        elif isinstance(found, bool):
            yield name, "Yes" if found else "No"
        elif isinstance(found, str):
            yield from _of_text(name, found)
        else:
            yield name, str(found)


def _structure(value: Any) -> Any:
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _of_mapping(
    name: str, found: Mapping[str, Any], depth: int
) -> Iterator[tuple[str, str]]:
    keys = {str(key).lower(): one for key, one in found.items()}
    value = keys.get("value")
    if isinstance(value, str | int | float):
        unit = keys.get("unit") or keys.get("units") or ""
        inner = str(keys.get("name") or name)
        yield from _entries({inner: f"{value} {unit}" if unit else value}, depth + 1)
        return
    outer = "" if folded_name(name) in _CONTAINERS else f"{name} "
    yield from _entries({f"{outer}{key}": one for key, one in found.items()}, depth + 1)


def _of_list(name: str, found: list[Any], depth: int) -> Iterator[tuple[str, str]]:
    if all(isinstance(one, str | int | float) for one in found):
        yield name, ", ".join(map(str, found))
        return
    for one in found:
        if isinstance(one, Mapping):
            yield from _of_mapping(name, one, depth)


def _of_text(name: str, text: str) -> Iterator[tuple[str, str]]:
    if folded_name(name) not in _CONTAINERS:
        yield name, text
        return
    # Of the two ways to read it the one that finds more; max takes the first of equals.
    yield from max(list(_pairs(text)), list(_flattened(text)), key=len)


def _flattened(text: str) -> Iterator[tuple[str, str]]:
    """Names of Amazon's tables and what stands up to the next name or section."""
    borders = list(_BORDER.finditer(text))
    ends = [*(border.start() for border in borders), len(text)]
    for border, end in zip(borders, ends[1:], strict=False):
        value = text[border.end() : end]
        if border["name"]:
            yield border["name"], value
        elif border["section"]:
            # Some tables have a space behind their first name.
            headed = _HEADED.match(value)
            if headed is not None:
                yield headed[1], value[headed.end() :]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in _PART.split(text):
        pair = _PAIR.fullmatch(part.strip())
        if pair is not None:
            yield pair[1], pair[2]


def _plain(value: str) -> str:
    """A value in single spaces, without format characters or halves of a pair.

    Control characters, such as a line break, are spaces.
    """
    if not value.isprintable():
        value = "".join(map(_printable, value))
    return " ".join(value.split())


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category in ("Cf", "Cs") else character


def _says_something(name: str, value: str) -> bool:
    # "Unit Count: count"
    is_name = set(folded_name(value).split()) <= set(name.split())
    return not is_name and normal_value(value) not in _SAYS_NOTHING


def _is_value(name: str, value: str) -> bool:
    """Whether a text can be asked for it, of what says something."""
    if len(value) > MAX_CHARACTERS or len(value.split()) > MAX_WORDS:
        return False
    if _NO_VALUE.search(value):
        return False
    is_measured = name.rpartition(" ")[2] in _MEASURED
    return not (is_measured and _NUMBERS.fullmatch(value))
