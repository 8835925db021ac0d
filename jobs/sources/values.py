"""What a reader of labelled attribute values gives."""

import re
from dataclasses import dataclass

from jobs.config import SettingsError

Span = tuple[int, int]


@dataclass(frozen=True)
class LabelledValue:
    """An attribute asked of a product's text, and its value there.

    Attributes:
        product_id: Product of the text; the text itself where the set names none.
        context: Text of the product.
        attribute: Name of the attribute.
        values: Those that are right, in the set's spelling; none: it has no value.
        spans: Characters of the values in the text, the first one first; none where
            the text holds no value, or in another spelling.
        category: Of the product; empty where unknown.
    """

    product_id: str
    context: str
    attribute: str
    values: tuple[str, ...]
    spans: tuple[Span, ...]
    category: str = ""


def located(context: str, value: str) -> Span | None:
    """The first place of a value in a text, whatever its case and white space.

    Words are not cut where it stands somewhere between two of their borders; else the
    first place at all is taken.

    >>> located("A cupboard, Red  Wine", "red wine")
    (12, 21)
    >>> located("A cupboard and a cup", "cup")
    (17, 20)
    >>> located("A cupboard", "cup")
    (2, 5)
    """
    words = value.split()
    if not words:
        return None
    pattern = r"\s+".join(map(re.escape, words))
    for form in (rf"(?<!\w){pattern}(?!\w)", pattern):
        found = re.search(form, context, re.IGNORECASE)
        if found:
            return found.span()
    return None


def with_places(context: str, values: tuple[str, ...]) -> tuple[Span, ...]:
    """The places of those values that the text holds, in the order of the text."""
    found = (located(context, value) for value in values)
    return tuple(sorted(span for span in found if span is not None))


def checked_span(place: str, context: str, value: str, begin: int, end: int) -> Span:
    """A span that the set gives.

    Raises:
        SettingsError: The text does not hold the value there.
    """
    if not 0 <= begin < end <= len(context) or context[begin:end] != value:
        raise SettingsError(
            f"{place}: {context[begin:end]!r} at {begin} to {end}, expected {value!r}"
        )
    return begin, end
