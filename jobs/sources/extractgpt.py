"""ExtractGPT's JSON lines (AE-110k, OA-Mine, WDC PAVE): one product a line.

`target_scores` maps each attribute to its accepted values; `n/a` is none. The text is
`input`, or `input_title` and `input_description` on a line each. A product without id
is told by its title.
"""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.sets import normalised, objects, text_of
from jobs.sources.values import LabelledValue, with_places

_NONE = "n/a"


def read_extractgpt(path: str, stream: IO[str]) -> Iterator[LabelledValue]:
    """One row an attribute of each line.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        targets = record.get("target_scores")
        if not isinstance(targets, Mapping):
            raise SettingsError(
                f"{place}: target_scores {targets!r}, expected an object"
            )
        context = _context(place, record)
        product = str(record.get("id") or normalised(context))
        for attribute, accepted in targets.items():
            if not isinstance(accepted, Mapping):
                raise SettingsError(
                    f"{place}: {attribute}: {accepted!r}, expected values with scores"
                )
            values = tuple(value for value in accepted if value != _NONE)
            yield LabelledValue(
                product_id=product,
                context=context,
                attribute=str(attribute),
                values=values,
                spans=with_places(context, values),
                category=str(record.get("category") or ""),
            )


def _context(place: str, record: Mapping[str, Any]) -> str:
    if "input" in record:
        return text_of(place, record, "input")
    title = text_of(place, record, "input_title")
    description = record.get("input_description")
    if isinstance(description, str) and description.strip():
        return f"{title}\n{description.strip()}"
    return title
