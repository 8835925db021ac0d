"""Plain sum of the z-scores of MiniLM's cosine and BM25 of stems: a reference.

    f(q, a) = z(cos(q, a)) + z(BM25(q, a)),  z(x) = (x - mean) / standard deviation

over the candidates of the question; a score that is the same for all counts as 0.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn

from models.passages import minilm_cosine, use_qa
from models.passages.bm25 import Bm25Index
from models.passages.bm25_stems import Bm25Stems
from models.passages.examples import Examples, Recipe, Report, Trained
from models.passages.use_qa import SentenceEncoder
from models.passages.vectors import VectorIndex


def z_scores(scores: np.ndarray) -> np.ndarray:
    """Each row with mean 0 and standard deviation 1; 0 where all are equal, [n, m].

    >>> z_scores(np.array([[1.0, 3.0], [2.0, 2.0]])).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    centred = scores - scores.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    found: np.ndarray = np.divide(
        centred, spread, out=np.zeros_like(centred), where=spread > 0
    )
    return found


class ZSumIndex:
    """Both indexes of the same candidates."""

    def __init__(self, of_vectors: VectorIndex, of_words: Bm25Index) -> None:
        self._of_vectors = of_vectors
        self._of_words = of_words

    def scores(self, questions: Sequence[str]) -> np.ndarray:
        """[n, m]."""
        found: np.ndarray = z_scores(self._of_vectors.scores(questions)) + z_scores(
            self._of_words.scores(questions)
        )
        return found


class ZSum(nn.Module):
    """MiniLM's encoder; BM25 has no weights."""

    def __init__(self, of_vectors: SentenceEncoder) -> None:
        super().__init__()
        self.of_vectors = of_vectors

    def index(self, candidates: Sequence[str]) -> ZSumIndex:
        """What ranks these candidates."""
        return ZSumIndex(
            VectorIndex(self.of_vectors, candidates), Bm25Stems().index(candidates)
        )


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train nothing."""
    found = minilm_cosine.train(examples, recipe, report)
    return Trained(ZSum(found.network).eval(), found.config, found.words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> ZSum:
    """The network of a model folder, before its weights."""
    return ZSum(use_qa.build(config, words))
