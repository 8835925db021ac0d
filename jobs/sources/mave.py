"""MAVE's spans (Yang et al. 2022; WDC PAVE in its format): a product's texts a line.

`attributes` holds each attribute's `evidences`: value, place of the text (`pid`) in
`paragraphs`, begin and end; none: the texts hold no such value. A line with `title`
has one text. Texts stand on a line each in the context; places are moved with them. A
value that the set itself did not find (begin -1, in WDC PAVE) is looked for.

The texts stand for the product: `id` is that of the product in MAVE, but in WDC PAVE,
where a product has a line for each attribute, that of the line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
        attributes = record.get("attributes")
        if not isinstance(attributes, list):
            raise SettingsError(f"{place}: attributes {attributes!r}, expected a list")
        for one in attributes:
            attribute, evidences = _evidences(place, one)
            spans = {_span(place, texts, evidence) for evidence in evidences}
            yield LabelledValue(
                product_id=normalised(context),
                context=context,
                attribute=attribute,
                values=tuple(dict.fromkeys(evidence.value for evidence in evidences)),
                spans=tuple(sorted(span for span in spans if span is not None)),
                category=str(record.get("category") or ""),
            )


@dataclass(frozen=True)
class _Evidence:
    value: str
    text: int
    begin: int
    end: int


def _evidences(place: str, one: Any) -> tuple[str, list[_Evidence]]:
    """An attribute and its evidences."""
    try:
        return str(one["key"]), [
            _Evidence(
                value=str(evidence["value"]),
                text=int(evidence["pid"]),
                begin=int(evidence["begin"]),
                end=int(evidence["end"]),
            )
            for evidence in one["evidences"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{place}: {error!r}, expected key and evidences with value, pid, begin and"
            " end"
        ) from None


def _span(place: str, texts: Sequence[str], evidence: _Evidence) -> Span | None:
    """Characters of a value; one that was not found, begin -1, is looked for."""
    if evidence.begin < 0:
        return located("\n".join(texts), evidence.value)
    if not 0 <= evidence.text < len(texts):
        raise SettingsError(
            f"{place}: pid {evidence.text}, expected one of {len(texts)} texts"
        )
    begin, end = checked_span(
        place, texts[evidence.text], evidence.value, evidence.begin, evidence.end
    )
    start = sum(len(text) + 1 for text in texts[: evidence.text])
    return start + begin, start + end


def _texts(place: str, record: Mapping[str, Any]) -> list[str]:
    """As they stand: the places count every character."""
    if "paragraphs" not in record:
        text_of(place, record, "title")
        return [record["title"]]
    paragraphs = record["paragraphs"]
    if not isinstance(paragraphs, list) or not paragraphs:
        raise SettingsError(f"{place}: paragraphs {paragraphs!r}, expected a list")
    texts = [
        one.get("text") if isinstance(one, Mapping) else None for one in paragraphs
    ]
    if not all(isinstance(text, str) for text in texts):
        raise SettingsError(f"{place}: a paragraph without text, expected one in each")
    return [str(text) for text in texts]
