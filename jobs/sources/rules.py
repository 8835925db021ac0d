"""What a value of a raw record must be; each breach has a name and one line."""

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.sources.html import cleaned
from udfs.pieces import RefusedError
from udfs.records import LITERAL_ERRORS, literal

_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_FORMATS = ("%m %d, %Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PRICE = re.compile(r"^[^\d<-]{0,5}(\d[\d,]*(?:\.\d+)?)")
# Amazon's set tells the newest ones by their age when it was collected.
_AGE = re.compile(r"\d+ (second|minute|hour|day|week|month|year)s? ago", re.IGNORECASE)
_SEPT = re.compile(r"\bSept\b")
_SHOWN = 80
_MAX_COUNT = 2**31 - 1


def first(record: Mapping[str, Any], *names: str) -> Any:
    """The first of the named values that is not missing, or None."""
    for name in names:
        value = record.get(name)
        if value is not None and value != "":
            return value
    return None


def shown(value: Any) -> str:
    """A value for a message, cut."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def wrong_type(name: str, value: Any, expected: str) -> RefusedError:
    """The refusal of a value of another type."""
    return RefusedError("wrong_type", f"{name}: {shown(value)}, expected {expected}")


def identifier(record: Mapping[str, Any], *names: str) -> str | None:
    """An id as text; a whole number is taken as its digits."""
    value = first(record, *names)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong_type(names[0], value, "an id")
    return unicode(names[0], str(value).strip()) or None


def product_id(record: Mapping[str, Any]) -> str:
    """The product, which every record must name."""
    found = identifier(record, "asin", "product_id")
    if found is None:
        raise RefusedError("missing_product_id", "no asin, expected a product id")
    return found


def text(record: Mapping[str, Any], *names: str) -> str | None:
    """A cleaned text, None where there is none."""
    value = first(record, *names)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_type(names[0], value, "a text")
    return unicode(names[0], cleaned(value)) or None


def needed_text(record: Mapping[str, Any], *names: str) -> str:
    """A cleaned text that must not be empty."""
    found = text(record, *names)
    if found is None:
        raise RefusedError("empty_text", f"{names[0]}: empty, expected a text")
    return found


def unicode(name: str, value: str) -> str:
    """The value, which UTF-8 can hold."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        told = f"{name}: a lone surrogate, expected Unicode text"
        raise RefusedError("invalid_unicode", told) from None
    return value


def number(name: str, value: Any) -> float | None:
    """A number, also written as text."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong_type(name, value, "a number")
    if isinstance(value, str):
        plain = value.strip().replace(",", "")
        if not _NUMBER.fullmatch(plain):
            raise wrong_type(name, value, "a number")
        value = plain
    try:
        found = float(value)
    except OverflowError:
        raise wrong_type(name, value, "a number") from None
    if not math.isfinite(found):
        raise wrong_type(name, value, "a number")
    return found


def rating(record: Mapping[str, Any]) -> float | None:
    """Stars, 1 to 5."""
    found = number("overall", first(record, "overall", "rating"))
    if found is not None and not 1 <= found <= 5:
        raise RefusedError(
            "rating_out_of_range", f"overall: {found:g}, expected 1 to 5"
        )
    return found


def count(name: str, value: Any) -> int | None:
    """A whole number of at least 0."""
    found = number(name, value)
    if found is not None and not (0 <= found <= _MAX_COUNT and found == int(found)):
        raise wrong_type(name, value, "a count")
    return None if found is None else int(found)


def moment(record: Mapping[str, Any], *names: str) -> dt.datetime | None:
    """A time in UTC: seconds since 1970, ISO, or one of Amazon's date texts.

    The first of the named values that is there counts. An age ("14 days ago") does not
    say when: no time is known.
    """
    for name in names:
        value = record.get(name)
        if value is not None and value != "":
            if isinstance(value, str) and _AGE.fullmatch(value.strip()):
                return None
            return _moment(name, value)
    return None


def _moment(name: str, value: Any) -> dt.datetime:
    impossible = RefusedError(
        "impossible_date", f"{name}: {shown(value)}, expected a date from 1990 to 2099"
    )
    if isinstance(value, dt.datetime):
        found = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    elif isinstance(value, dt.date):
        found = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    elif isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong_type(name, value, "a time")
    else:
        try:
            found = _parsed(value)
        except (ValueError, OverflowError, OSError):
            raise impossible from None
    if not _EARLIEST <= found < _LATEST:
        raise impossible
    return found


def _parsed(value: str | float) -> dt.datetime:
    if isinstance(value, int | float) or _NUMBER.fullmatch(value.strip()):
        return dt.datetime.fromtimestamp(float(value), dt.UTC)
    plain = _SEPT.sub("Sep", value.strip())
    for form in _FORMATS:
        try:
            return dt.datetime.strptime(plain.replace(".", ""), form).replace(
                tzinfo=dt.UTC
            )
        except ValueError:
            continue
    found = dt.datetime.fromisoformat(plain)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def flag(record: Mapping[str, Any], *names: str) -> bool | None:
    """True or false, also written as text."""
    value = first(record, *names)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise wrong_type(names[0], value, "true or false")


def price(value: Any) -> float | None:
    """A price, the lower one of a range; None for anything else, such as HTML."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) and value >= 0 else None
    if not isinstance(value, str):
        return None
    found = _PRICE.match(value.strip())
    if found is None:
        return None
    lowest = float(found.group(1).replace(",", ""))
    return lowest if math.isfinite(lowest) else None


def structure(value: Any) -> Any:
    """A list or dict that a CSV field holds as text, else the value itself."""
    if not isinstance(value, str) or value.strip()[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        try:
            return literal(value)
        except LITERAL_ERRORS:
            return value


def texts(name: str, value: Any) -> list[str]:
    """Cleaned texts of a list, of nested lists, or of one text; empty ones go."""
    found = structure(value)
    if found is None:
        return []
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, Sequence):
        raise wrong_type(name, value, "a list of texts")
    kept: list[str] = []
    for one in found:
        if isinstance(one, list | tuple):
            kept.extend(texts(name, list(one)))
        elif isinstance(one, str):
            kept.append(unicode(name, cleaned(one)))
        elif one is not None:
            raise wrong_type(name, one, "a text")
    return [one for one in kept if one]
