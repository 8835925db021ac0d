"""BM25 of stems (Porter's), stop words left out of both texts; else as `bm25`."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.lexical import terms
from models.passages.bm25 import Bm25
from models.passages.examples import Examples, Recipe, Report, Trained


class Bm25Stems(Bm25):
    """The same with other terms."""

    terms = staticmethod(terms)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train nothing."""
    return Trained(Bm25Stems().eval(), {}, ())


def build(config: Mapping[str, Any], words: Sequence[str]) -> Bm25Stems:
    """The network of a model folder."""
    return Bm25Stems()
