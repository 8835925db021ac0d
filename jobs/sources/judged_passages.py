"""Labelled question-sentence pairs as questions with passages.

A question's right passages are the sentences that answer it; its candidates are all
sentences that were labelled for a question of its product, whatever kind of text they
are from. Questions that no sentence answers are left out.
"""

from collections.abc import Callable, Iterator
from typing import IO

from jobs.sources.labelled_answers import FORMATS, LabelledPair, labelled
from jobs.sources.passages import AskedQuestion, tidy

NAMES = ("epqa", "hetpqa", "ecml-pqa")


def reader(format_name: str) -> Callable[[str, IO[str]], Iterator[AskedQuestion]]:
    """What reads a file of labelled pairs, the format's own rule for a positive."""
    form = FORMATS[format_name]

    def read(path: str, stream: IO[str]) -> Iterator[AskedQuestion]:
        """One row a question of a product."""
        pairs = [labelled(pair, form) for pair in form.read(path, stream)]
        candidates: dict[str, dict[str, None]] = {}
        for pair in pairs:
            said = candidates.setdefault(pair.product_id, {})
            said[tidy(pair.sentence)] = None
        right: dict[tuple[str, str], list[LabelledPair]] = {}
        for pair in pairs:
            if pair.label:
                key = pair.product_id, tidy(pair.question)
                right.setdefault(key, []).append(pair)
        for (product, question), answers in right.items():
            yield AskedQuestion(
                question=question,
                answers=tuple(dict.fromkeys(tidy(one.sentence) for one in answers)),
                candidates=tuple(candidates[product]),
                group=product,
                domain=answers[0].domain,
            )

    return read
