"""Questions for attributes, as SQuAD asks them: JSON lines of context and question.

`answer` holds `text` and `answer_start`, empty lists where there is no value. "What is
the X of the Y?" asks for the attribute X; any other question is its own attribute. The
context stands for the product: an id is mostly that of the question.
"""

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.sets import normalised, objects, text_of
from jobs.sources.values import LabelledValue, checked_span

_QUESTION = re.compile(r"What is the (.+?) of the .+\?", re.IGNORECASE)


def read_attribute_questions(path: str, stream: IO[str]) -> Iterator[LabelledValue]:
    """One row a line that is not blank.

    Raises:
        SettingsError: A line is no such record, or an answer is not where it is said
            to be, with its number.
    """
    for place, record in objects(path, stream):
        context = record.get("context")
        if not isinstance(context, str) or not context.strip():
            raise SettingsError(f"{place}: context {context!r}, expected a text")
        found = _answers(place, record)
        question = text_of(place, record, "question")
        match = _QUESTION.fullmatch(question)
        spans = sorted(
            checked_span(place, context, text, start, start + len(text))
            for text, start in found
        )
        yield LabelledValue(
            product_id=normalised(context),
            context=context,
            attribute=match.group(1) if match else question,
            values=tuple(dict.fromkeys(text for text, _ in found)),
            spans=tuple(spans),
            category=str(record.get("category") or ""),
        )


def _answers(place: str, record: Mapping[str, Any]) -> list[tuple[str, int]]:
    answer = record.get("answer", record.get("answers"))
    try:
        texts, starts = answer["text"], answer["answer_start"]
        return [
            (str(text), int(start)) for text, start in zip(texts, starts, strict=True)
        ]
    except (KeyError, TypeError, ValueError):
        raise SettingsError(
            f"{place}: answer {answer!r}, expected text and answer_start, as long"
        ) from None
