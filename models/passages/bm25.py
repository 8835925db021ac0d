"""BM25 over the candidates (Robertson, Zaragoza 2009; 4.8): `bm25s`, Lucene's form.

    f(q, a) = sum over t in q: idf(t) tf / (tf + k1 (1 - b + b |a| / avg))
    idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5)),  k1 = 1.2, b = 0.75

Words are lower-cased runs of letters, digits and underscores. Frequencies are those of
the candidates that are ranked, so that there is nothing to train.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bm25s
import numpy as np
from torch import nn

from models.passages.examples import Examples, Recipe, Report, Trained

_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.75
Terms = Callable[[str], list[str]]


def words(text: str) -> list[str]:
    """Lower-cased words.

    >>> words("Does it FIT?")
    ['does', 'it', 'fit']
    """
    return _WORD.findall(text.lower())


class Bm25Index:
    """Candidates and their frequencies."""

    def __init__(self, candidates: Sequence[str], terms: Terms) -> None:
        """Index candidates by the terms of each."""
        self._terms = terms
        self._n = len(candidates)
        corpus = [terms(text) for text in candidates]
        self._index = None
        if any(corpus):
            self._index = bm25s.BM25(k1=_K1, b=_B, method="lucene")
            self._index.index(corpus, show_progress=False)

    def scores(self, questions: Sequence[str]) -> np.ndarray:
        """fp32 [n, m]; 0 of a question whose terms no candidate has."""
        found = np.zeros((len(questions), self._n), dtype=np.float32)
        for row, question in zip(found, questions, strict=True):
            asked = self._terms(question)
            if asked and self._index is not None:
                row[:] = self._index.get_scores(asked)
        return found


class Bm25(nn.Module):
    """Nothing but the way a text is cut."""

    terms: Terms = staticmethod(words)

    def index(self, candidates: Sequence[str]) -> Bm25Index:
        """What ranks these candidates."""
        return Bm25Index(candidates, self.terms)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train nothing."""
    return Trained(Bm25().eval(), {}, ())


def build(config: Mapping[str, Any], words: Sequence[str]) -> Bm25:
    """The network of a model folder."""
    return Bm25()
