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


def of_paragraph(
    question: str, paragraph: str, starts: Iterable[int], *, group: str
) -> AskedQuestion | None:
    """ReQA's row: the sentences of a paragraph in which the answers start.

    Args:
        question: Its text.
        paragraph: Its sentences are the candidates.
        starts: First character of each reference answer.
        group: See `AskedQuestion`.

    Returns:
        None where no answer starts in the paragraph.
    """
    return of_spans(question, paragraph, sentence_spans(paragraph), starts, group=group)


def of_spans(
    question: str,
    paragraph: str,
    spans: Sequence[tuple[int, int]],
    starts: Iterable[int],
    *,
    group: str,
) -> AskedQuestion | None:
    """The same with sentences that are known: begin and end, in order."""
    sentences = [tidy(paragraph[begin:end]) for begin, end in spans]
    begins = [begin for begin, _ in spans]
    # Characters between two sentences belong to the one before.
    places = [bisect_right(begins, start) - 1 for start in starts]
    right = [sentences[place] for place in places if place >= 0]
    if not right or not question.strip():
        return None
    return AskedQuestion(
        question=tidy(question),
        answers=tuple(dict.fromkeys(right)),
        candidates=tuple(dict.fromkeys(sentences)),
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
