"""Pairs of SubjQA: `SubjQA/<domain>/splits/*.csv` of megagonlabs/SubjQA.

One row an annotator, who marked in a whole review the text that answers a question, or
the marker at the review's end for "no answer". Here reviews are split into sentences,
and a sentence is graded with the share of annotators whose mark touches it.

The set has tokenised marks ("was n't" for "wasn't"), and some that join several
highlights, with indices from the first one's begin to the last one's end: so letters
and digits are compared, and nothing else. Who marked both a text and the marker
answered nothing.

The dev file of a domain repeats nearly all pairs of its train file, with other
annotators: the two are no two parts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from nltk.tokenize.punkt import PunktSentenceTokenizer

from jobs.config import SettingsError
from jobs.progress import say
from jobs.sources.graded import GradedPair, table_rows
from jobs.sources.sets import text_of
from models.sentences import punkt

HIGHEST = 1
_COLUMNS = (
    "item_id",
    "domain",
    "question",
    "review_id",
    "review",
    "human_ans_spans",
    "human_ans_indices",
)
_MARKER = "ANSWERNOTFOUND"
_INDICES = re.compile(r"\(\s*(\d{1,9})\s*,\s*(\d{1,9})\s*\)")
_NO_LETTER = r"[\W_]*"
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"
_MAX_CHARACTERS = 2000

Place = tuple[int, int]


@dataclass(frozen=True)
class Judged:
    """A question with a review, and what each of its annotators marked.

    Attributes:
        product_id: Product of both.
        question: Text of the question.
        domain: Domain of the product.
        review: The whole review, without the marker.
        marks: Of each annotator, the places marked; none for "no answer".
    """

    product_id: str
    question: str
    domain: str
    review: str
    marks: list[list[Place]] = field(default_factory=list)


def read_subjqa(path: str, stream: IO[str]) -> Iterator[GradedPair]:
    """One pair a question of a product and distinct sentence of the judged reviews.

    A sentence that stands several times keeps its highest grade.

    Raises:
        SettingsError: The file is no such table, with the line; or Punkt's data is
            broken.
    """
    found = judged(path, stream)
    reviews = list(dict.fromkeys(one.review for one in found))
    splitter = _splitter(reviews)
    sentences = {
        review: punkt.spans(review, splitter=splitter, max_characters=_MAX_CHARACTERS)
        for review in reviews
    }
    pairs: dict[tuple[str, str, str], GradedPair] = {}
    for one in found:
        for begin, end in sentences[one.review]:
            pair = GradedPair(
                product_id=one.product_id,
                question=one.question,
                sentence=one.review[begin:end],
                grade=_share(one.marks, begin, end),
                source="review",
                domain=one.domain,
            )
            key = (pair.product_id, pair.question, pair.sentence)
            if key not in pairs or pairs[key].grade < pair.grade:
                pairs[key] = pair
    yield from pairs.values()


def judged(path: str, stream: IO[str]) -> list[Judged]:
    """The questions of a file with their reviews, all annotators of one together.

    A mark that is nowhere in its review is left out, and how many were is said.

    Raises:
        SettingsError: The file is no such table, with the line.
    """
    found: dict[tuple[str, str, str], Judged] = {}
    n_lost = 0
    for place, row in table_rows(path, stream, _COLUMNS):
        question = text_of(place, row, "question")
        review = row["review"].rstrip().removesuffix(_MARKER)
        begin, end = _indices(place, row)
        new = Judged(row["item_id"], question, row["domain"], review)
        key = (new.product_id, question, row["review_id"])
        span = row["human_ans_spans"]
        # No text with the marker is found: the review is without it.
        marks = located(span, begin, end, review)
        n_lost += not marks and _MARKER not in span
        found.setdefault(key, new).marks.append(marks)
    if n_lost:
        say("subjqa", f"{path}: {n_lost} marks are nowhere in their reviews, left out")
    return list(found.values())


def _indices(place: str, row: Mapping[str, str]) -> Place:
    text = row["human_ans_indices"]
    found = _INDICES.fullmatch(text.strip())
    if found is None:
        raise SettingsError(
            f"{place}: human_ans_indices {text!r}, expected (begin, end)"
        )
    return int(found[1]), int(found[2])


def located(span: str, begin: int, end: int, review: str) -> list[Place]:
    """Where a marked text stands in a review: parts, end exclusive; none if nowhere.

    At the indices; else where it stands first; else, if its first words begin what is
    at the indices and its other words end it, those two parts.

    Args:
        span: The marked text.
        begin: First character of it, as the set says.
        end: The one after its last.
        review: The text it is marked in.

    >>> located("It is n't", 0, 8, "It isn't big. It works.")
    [(0, 8)]
    >>> located("works", 2, 7, "It isn't big. It works.")
    [(17, 22)]
    >>> located("is big", 3, 20, "It is not, ever, big.")
    [(3, 5), (17, 20)]
    """
    words = [word for word in span.split() if _pattern([word])]
    if not words:
        return []
    whole = f"({_pattern(words)})"
    at_indices = review[begin:end]
    found = re.fullmatch(_NO_LETTER + whole + _NO_LETTER, at_indices)
    if found is not None:
        return _moved(found, begin)
    found = re.search(_BEGIN + whole + _END, review)
    if found is not None:
        return _moved(found, 0)
    for n_first in range(len(words) - 1, 0, -1):
        first, last = _pattern(words[:n_first]), _pattern(words[n_first:])
        found = re.fullmatch(
            f"{_NO_LETTER}({first}){_END}.*{_BEGIN}({last}){_NO_LETTER}",
            at_indices,
            re.DOTALL,
        )
        if found is not None:
            return _moved(found, begin)
    return []


def _pattern(words: Iterable[str]) -> str:
    letters = (letter for word in words for letter in word if letter.isalnum())
    return _NO_LETTER.join(map(re.escape, letters))


def _moved(found: re.Match[str], by: int) -> list[Place]:
    groups = range(1, found.re.groups + 1)
    return [(found.start(group) + by, found.end(group) + by) for group in groups]


def _share(marks: list[list[Place]], begin: int, end: int) -> float:
    n_touching = sum(any(b < end and begin < e for b, e in parts) for parts in marks)
    return n_touching / len(marks)


def _splitter(reviews: list[str]) -> PunktSentenceTokenizer:
    try:
        path = punkt.find_data(None)
        if path is not None:
            return punkt.load(path)
    except punkt.SplitterError as error:
        raise SettingsError(str(error)) from None
    say("subjqa", f"no punkt_tab data: trained on {len(reviews):,} own texts")
    return punkt.parse(punkt.train(reviews))
