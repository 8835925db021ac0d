"""ENDX on a pretrained encoder with BM25 of stems beside it; see `hybrid`."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.passages import endx_bert
from models.passages.examples import Examples, Recipe, Report, Trained
from models.passages.hybrid import Hybrid, beside_words


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train ENDX, then fit the weights on the questions that chose its epoch."""
    return beside_words(endx_bert.train(examples, recipe, report), examples)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Hybrid:
    """The network of a model folder, before its weights."""
    return Hybrid(endx_bert.build(config, words))
