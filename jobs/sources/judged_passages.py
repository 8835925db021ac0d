"""Labelled question-sentence pairs as questions with passages.

A question's right passages are the sentences that answer it, by the format's own rule;
its candidates are all sentences that were labelled for a question of its product,
whatever kind of text they are from. One that only helps, or that was judged for another
question, is no right one. Questions that no sentence answers are left out; one without
a product stands for itself.
"""

from collections.abc import Callable, Iterator
from typing import IO

from jobs.sources.labelled_answers import FORMATS, labelled, rule
from jobs.sources.passages import NO_ANSWER, AskedQuestion, LeftOut, tidy

NAMES = ("epqa", "hetpqa", "ecml-pqa")


def reader(
    format_name: str,
) -> Callable[[str, IO[str]], Iterator[AskedQuestion | LeftOut]]:
    """What reads a file of labelled pairs, the format's own rule for a positive."""
    form = FORMATS[format_name]

    def read(path: str, stream: IO[str]) -> Iterator[AskedQuestion | LeftOut]:
        """One row a question of a product."""
        pairs = [labelled(pair, form) for pair in form.read(path, stream)]
        candidates: dict[str, dict[str, None]] = {}
        right: dict[tuple[str, str], dict[str, str]] = {}
        for pair in pairs:
            question, sentence = tidy(pair.question), tidy(pair.sentence)
            if not question or not sentence:
                continue  # nothing but entities of white space
            product = pair.product_id or question
            candidates.setdefault(product, {})[sentence] = None
            answers = right.setdefault((product, question), {})
            if pair.label:
                answers[sentence] = pair.domain
        for (product, question), answers in right.items():
            if not answers:
                yield NO_ANSWER
                continue
            yield AskedQuestion(
                question=question,
                answers=tuple(answers),
                candidates=tuple(candidates[product]),
                group=product,
                domain=next(iter(answers.values())),
            )

    return read


def rule_of(format_name: str) -> str | None:
    """What makes a sentence a right passage, in words; None: the format says it."""
    return rule(format_name) if format_name in NAMES else None
