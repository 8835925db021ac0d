"""The project's own labelled values: JSON lines.

`context`, `attribute` and `value` (null or missing: there is none), and if known
`begin`, `product_id` and `category`; other names are passed over. Without `begin` the
value is looked for in the text; it may stand there in another spelling, or not at all.
"""

from collections.abc import Iterator
from typing import IO

from jobs.config import SettingsError
from jobs.sources.sets import normalised, objects, text_of
from jobs.sources.values import LabelledValue, checked_span, with_places


def read_attributes_jsonl(path: str, stream: IO[str]) -> Iterator[LabelledValue]:
    """One row a line that is not blank.

    Raises:
        SettingsError: A line is no such record, or the value is not where it is said
            to be, with its number.
    """
    for place, record in objects(path, stream):
        context = record.get("context")
        if not isinstance(context, str) or not context.strip():
            raise SettingsError(f"{place}: context {context!r}, expected a text")
        value, begin = record.get("value"), record.get("begin")
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise SettingsError(f"{place}: value {value!r}, expected a text or null")
        values = () if value is None else (value,)
        spans = with_places(context, values)
        if value is not None and begin is not None:
            if type(begin) is not int:
                raise SettingsError(f"{place}: begin {begin!r}, expected a number")
            end = begin + len(value)
            spans = (checked_span(place, context, value, begin, end),)
        yield LabelledValue(
            product_id=str(record.get("product_id") or normalised(context)),
            context=context,
            attribute=text_of(place, record, "attribute"),
            values=values,
            spans=spans,
            category=str(record.get("category") or ""),
        )
