"""MAVE's spans (Yang et al. 2022; WDC PAVE in its format): one product a line.

`attributes` holds each attribute's `evidences`: value, place of the text (`pid`) in
`paragraphs`, begin and end; none: the product has no such value. A line with `title`
has one text. Texts stand on a line each in the context; places are moved with them. A
value that the set itself did not find (begin -1, in WDC PAVE) is looked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.sets import normalised, objects, text_of
from jobs.sources.values import LabelledValue, Span, checked_span, located


def read_mave(path: str, stream: IO[str]) -> Iterator[LabelledValue]:
    """One row an attribute of each line.

    Raises:
        SettingsError: A line is no such record, or a value is not where it is said to
            be, with its number.
    """
    for place, record in objects(path, stream):
        texts = _texts(place, record)
        context = "\n".join(texts)
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        attributes = record.get("attributes")
        if not isinstance(attributes, list):
            raise SettingsError(f"{place}: attributes {attributes!r}, expected a list")
        for one in attributes:
            try:
                attribute, evidences = str(one["key"]), list(one["evidences"])
                spans = {
                    _span(place, context, starts, evidence) for evidence in evidences
                }
                values = dict.fromkeys(str(one["value"]) for one in evidences)
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise SettingsError(
                    f"{place}: {error!r}, expected key and evidences with value, pid,"
                    " begin and end"
                ) from None
            yield LabelledValue(
                product_id=str(record.get("id") or normalised(context)),
                context=context,
                attribute=attribute,
                values=tuple(values),
                spans=tuple(sorted(span for span in spans if span is not None)),
                category=str(record.get("category") or ""),
            )


def _span(
    place: str, context: str, starts: Sequence[int], evidence: Mapping[str, Any]
) -> Span | None:
    """Characters of a value; one that was not found, begin -1, is looked for."""
    value, begin, end = evidence["value"], int(evidence["begin"]), int(evidence["end"])
    if begin < 0:
        return located(context, value)
    start = starts[evidence["pid"]]
    return checked_span(place, context, value, start + begin, start + end)


def _texts(place: str, record: Mapping[str, Any]) -> list[str]:
    paragraphs = record.get("paragraphs")
    if paragraphs is None:
        return [text_of(place, record, "title")]
    if not isinstance(paragraphs, list) or not paragraphs:
        raise SettingsError(f"{place}: paragraphs {paragraphs!r}, expected a list")
    # Not stripped: the places count every character.
    texts = [
        one.get("text") if isinstance(one, Mapping) else None for one in paragraphs
    ]
    if not all(isinstance(text, str) for text in texts):
        raise SettingsError(f"{place}: a paragraph without text, expected one in each")
    return [str(text) for text in texts]
