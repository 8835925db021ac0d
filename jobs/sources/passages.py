"""A question with the passages that answer it, whatever the set."""

import html
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.config import PoolOf
from models.passages.examples import Matches, Pool
from models.sentences.prose import sentence_spans

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class AskedQuestion:
    """A question and its right passages.

    Attributes:
        question: Its text.
        answers: Texts of the right passages, distinct, at least one.
        candidates: All passages of the text that it was asked of, the right ones with
            them; in the text's order.
        group: What a split keeps together: a paragraph, a page, a product.
        domain: Of the product, or "".
    """

    question: str
    answers: tuple[str, ...]
    candidates: tuple[str, ...]
    group: str
    domain: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A question of a set that is not used.

    Attributes:
        reason: In a few words, such as no answer.
    """

    reason: str


NO_ANSWER = LeftOut("no answer")
ELSEWHERE = LeftOut("answer not in the text")
BLANK = LeftOut("blank question")


class Paragraph:
    """A text whose sentences are the candidates of the questions asked of it: ReQA's.

    Attributes:
        text: The whole.
    """

    def __init__(
        self, text: str, spans: Sequence[tuple[int, int]] | None = None
    ) -> None:
        """Cut it once for all its questions.

        Args:
            text: The whole.
            spans: Begin and end of each sentence, in order; None: found by rule.
        """
        self.text = text
        found = sentence_spans(text) if spans is None else spans
        kept = [(begin, tidy(text[begin:end])) for begin, end in found]
        self._begins = [begin for begin, sentence in kept if sentence]
        self._sentences = [sentence for _, sentence in kept if sentence]

    def start_of(self, answer: str | None, start: int) -> int | None:
        """First character of a reference answer.

        Args:
            answer: Its text; None or "": only the place is known.
            start: Where the set says that it starts; if something else stands there,
                as where offsets were counted otherwise, the nearest place counts, and
                if it stands nowhere, as where texts were normalised, the set's.

        Returns:
            None where that is outside of the text.
        """
        inside = start if 0 <= start < len(self.text) else None
        if not answer:
            return inside
        if start >= 0 and self.text.startswith(answer, start):
            return start
        behind = self.text.find(answer, max(start, 0))
        before = self.text.rfind(answer, 0, max(start, 0) + len(answer))
        found = [place for place in (before, behind) if place >= 0]
        return min(found, key=lambda place: abs(place - start), default=inside)

    def asked(
        self, question: str, starts: Sequence[int | None], *, group: str
    ) -> AskedQuestion | LeftOut:
        """A question with the sentences in which its answers start.

        Args:
            question: Its text.
            starts: First character of each reference answer; None: it has no place.
            group: See `AskedQuestion`.
        """
        if not starts:
            return NO_ANSWER
        if not tidy(question):
            return BLANK
        # Characters between two sentences belong to the one before.
        places = [
            bisect_right(self._begins, start) - 1
            for start in starts
            if start is not None
        ]
        right = [self._sentences[place] for place in places if place >= 0]
        if not right:
            return ELSEWHERE
        return AskedQuestion(
            question=tidy(question),
            answers=tuple(dict.fromkeys(right)),
            candidates=tuple(dict.fromkeys(self._sentences)),
            group=group,
        )


def tidy(text: str) -> str:
    """A text with single spaces and without HTML entities.

    >>> tidy(" Tom &amp;  Jerry ")
    'Tom & Jerry'
    """
    return _SPACES.sub(" ", html.unescape(text)).strip()


def matches_of(rows: Iterable[AskedQuestion]) -> Matches:
    """Each question with each of its right passages, to train on; each pair once."""
    pairs = dict.fromkeys(
        (row.question, answer) for row in rows for answer in row.answers
    )
    return Matches([asked for asked, _ in pairs], [said for _, said in pairs])


def pool_of(
    rows: Sequence[AskedQuestion],
    pool: PoolOf = "gold",
    *,
    min_questions: int = 1,
    others: Iterable[str] = (),
) -> Pool:
    """Distinct questions among the candidates of all.

    A candidate is a distinct text: an encoder sees the passage alone, so that the same
    sentence of two paragraphs has one score. A question that occurs several times has
    the right passages of all its rows (models.md 4.6, rule 5).

    Args:
        rows: Of a set.
        pool: gold: the right passages of all questions are the candidates. all: every
            passage of their texts.
        min_questions: Right passages of fewer distinct questions are left out, and the
            questions that then have none; the candidates are those of the others.
        others: Candidates besides, such as the answers to questions of other rows.
    """
    right: dict[str, dict[str, None]] = {}
    for row in rows:
        right.setdefault(row.question, {}).update(dict.fromkeys(row.answers))
    n_questions = Counter(answer for answers in right.values() for answer in answers)
    kept = {
        question: [one for one in answers if n_questions[one] >= min_questions]
        for question, answers in right.items()
    }
    kept = {question: answers for question, answers in kept.items() if answers}
    gold = [answer for answers in kept.values() for answer in answers]
    unasked = [
        one
        for row in rows
        if pool == "all" and row.question in kept
        for one in row.candidates
        # A right passage that was left out is no wrong one.
        if n_questions.get(one, min_questions) >= min_questions
    ]
    distinct = dict.fromkeys([*gold, *unasked, *others])
    places = {text: place for place, text in enumerate(distinct)}
    return Pool(
        questions=list(kept),
        right=[[places[answer] for answer in answers] for answers in kept.values()],
        candidates=list(places),
    )
