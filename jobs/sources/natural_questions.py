"""Natural Questions, in the full and in the simplified form (models.md 4.6, rule 4).

Kept is an annotation with exactly one short answer whose long answer is a paragraph
(`<P>`); the paragraph is the long answer without its tags, with the usual spaces. Of a
development record all annotators' answers in the same paragraph are right.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources.passages import AskedQuestion, LeftOut, Paragraph
from jobs.sources.sets import objects, text_of

_NO_SPACE_BEFORE = re.compile(r" (?=[,.;:!?%)\]}]|'s\b|n't\b|'(?:re|ve|ll|d|m)\b)")
_NO_SPACE_BEHIND = re.compile(r"(?<=[(\[{$]) ")
NOT_KEPT = LeftOut("not one short answer in a paragraph")
_QUOTES = ((re.compile(r"`` ?"), '"'), (re.compile(r" ?''"), '"'))


def read_natural_questions(
    path: str, stream: IO[str]
) -> Iterator[AskedQuestion | LeftOut]:
    """One row a paragraph that answers a question; a page is a group.

    Raises:
        SettingsError: A line is no such record, with its number.
    """
    for place, record in objects(path, stream):
        question = text_of(place, record, "question_text")
        try:
            yield from _of_record(question, record, place)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise SettingsError(
                f"{place}: {error!r}, expected annotations with long_answer and"
                " short_answers, and document_tokens or document_text"
            ) from None


def _of_record(
    question: str, record: Mapping[str, Any], place: str
) -> Iterator[AskedQuestion | LeftOut]:
    tokens = _tokens(record)
    starts: dict[tuple[int, int], list[int]] = {}
    for one in record["annotations"]:
        long, short = one["long_answer"], one["short_answers"]
        first, end = int(long["start_token"]), int(long["end_token"])
        if len(short) != 1 or first < 0 or tokens[first][0].upper() != "<P>":
            continue
        starts.setdefault((first, end), []).append(int(short[0]["start_token"]))
    if not starts:
        yield NOT_KEPT
    for (first, end), answers in starts.items():
        # The answer begins where the text before it ends.
        yield Paragraph(spaced(_words(tokens, first, end))).asked(
            question,
            [
                len(spaced([*_words(tokens, first, start), "x"])) - 1
                if first <= start < end
                else None
                for start in answers
            ],
            group=str(
                record.get("document_title") or record.get("document_url") or place
            ),
        )


def _tokens(record: Mapping[str, Any]) -> Sequence[tuple[str, bool]]:
    """Text of each token, and whether it is a tag."""
    if "document_tokens" in record:
        return [
            (str(one["token"]), bool(one["html_token"]))
            for one in record["document_tokens"]
        ]
    words = str(record["document_text"]).split(" ")
    return [(word, word.startswith("<") and word.endswith(">")) for word in words]


def _words(tokens: Sequence[tuple[str, bool]], first: int, end: int) -> list[str]:
    return [word for word, is_tag in tokens[first:end] if not is_tag]


def spaced(words: Sequence[str]) -> str:
    r"""Words of a tokenizer with the spaces that people write.

    >>> spaced(["He", "said", ":", "``", "It", "'s", "me", "(", "Tom", ")", "''", "."])
    'He said: "It\'s me (Tom)".'
    """
    text = " ".join(words)
    for pattern, mark in _QUOTES:
        text = pattern.sub(mark, text)
    return _NO_SPACE_BEHIND.sub("", _NO_SPACE_BEFORE.sub("", text))
