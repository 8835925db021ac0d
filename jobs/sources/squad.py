"""SQuAD's JSON: articles of paragraphs with questions, answers at a character.

Of version 2 the questions without an answer are left out: nothing is to be retrieved.
"""

from collections.abc import Iterator
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import NO_ANSWER, AskedQuestion, LeftOut, Paragraph
from jobs.sources.sets import loaded

_EXPECTED = "expected SQuAD's data, paragraphs, qas, answers and answer_start"
_WRONG = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


def read_squad(path: str, stream: IO[str]) -> Iterator[AskedQuestion | LeftOut]:
    """One row a question; a paragraph is a group.

    Raises:
        SettingsError: The file is not of that form, with the place.
    """
    text = stream.read()
    place, titles = path, set()
    try:
        for i, article in enumerate(loaded(text)["data"]):
            place = f"{path}: data[{i}]"
            title = str(article.get("title") or f"{path}#{i}")
            # Two articles may have one title.
            name = f"{title}#{i}" if title in titles else title
            titles.add(title)
            for j, paragraph in enumerate(article["paragraphs"]):
                place = f"{path}: data[{i}].paragraphs[{j}]"
                whole = Paragraph(paragraph["context"])
                for k, asked in enumerate(paragraph["qas"]):
                    place = f"{path}: data[{i}].paragraphs[{j}].qas[{k}]"
                    yield _row(asked, whole, f"{name}#{j}")
    except _WRONG as error:
        raise SettingsError(f"{place}: {error!r}, {_EXPECTED}") from None


def _row(asked: Any, paragraph: Paragraph, group: str) -> AskedQuestion | LeftOut:
    starts = [
        paragraph.start_of(one.get("text"), int(one["answer_start"]))
        for one in asked.get("answers", ())
    ]
    found = paragraph.asked(asked["question"], starts, group=group)
    return NO_ANSWER if asked.get("is_impossible") else found
