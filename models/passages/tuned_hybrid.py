"""The fine-tuned cosine with BM25 of stems beside it; see `tuned_cosine`, `hybrid`."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.passages import tuned_cosine
from models.passages.examples import Examples, Recipe, Report, Trained
from models.passages.hybrid import Hybrid, beside_words


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fine-tune, then fit the weights on the questions that chose the epoch."""
    return beside_words(tuned_cosine.train(examples, recipe, report), examples)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Hybrid:
    """The network of a model folder, before its weights."""
    return Hybrid(tuned_cosine.build(config, words))
