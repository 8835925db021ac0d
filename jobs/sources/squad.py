"""SQuAD's JSON: articles of paragraphs with questions, answers at a character.

Of version 2 the questions without an answer are left out: nothing is to be retrieved.
"""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, of_paragraph

_EXPECTED = "expected SQuAD's data, paragraphs, qas, answers and answer_start"


def read_squad(path: str, stream: IO[str]) -> Iterator[AskedQuestion]:
    """One row a question that has an answer; a paragraph is a group.

    Raises:
        SettingsError: The file is not of that form, with the place.
    """
    try:
        articles = json.load(stream)["data"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettingsError(f"{path}: {error!r}, {_EXPECTED}") from None
    for number, article in enumerate(articles):
        place = f"{path}: data[{number}]"
        try:
            title = str(article.get("title") or f"{path}#{number}")
            yield from _of_article(article, title)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SettingsError(f"{place}: {error!r}, {_EXPECTED}") from None


def _of_article(article: Mapping[str, Any], title: str) -> Iterator[AskedQuestion]:
    for number, paragraph in enumerate(article["paragraphs"]):
        for asked in paragraph["qas"]:
            starts = [int(one["answer_start"]) for one in asked.get("answers", ())]
            row = of_paragraph(
                asked["question"],
                paragraph["context"],
                starts,
                group=f"{title}#{number}",
            )
            if row is not None and not asked.get("is_impossible"):
                yield row
