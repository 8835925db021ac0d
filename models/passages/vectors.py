"""Texts as a network reads them, and the vectors of many."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from models.encoder import PieceReader, Tokens
from models.passages.examples import Pool, Side
from models.ranking import Ranks, joined, ranks

_TEXTS_AT_ONCE = 64
_QUESTIONS_AT_ONCE = 256


class TextReader:
    """Cuts questions and passages to their own lengths."""

    def __init__(
        self,
        pieces: PieceReader,
        *,
        max_question_tokens: int,
        max_passage_tokens: int,
    ) -> None:
        """Take the tokenizer and the longest text of each side, in word pieces."""
        self.pieces = pieces
        self._longest = {
            "question": max_question_tokens,
            "passage": max_passage_tokens,
        }

    def read(self, texts: Sequence[str], side: Side) -> Tokens:
        """Texts, each between [CLS] and [SEP]; a longer one keeps its beginning."""
        return self.pieces.read(texts, self._longest[side])

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.pieces.lengths(texts, self._longest[side])


@torch.inference_mode()
def vectors_of(network: Any, texts: Sequence[str], side: Side) -> np.ndarray:
    """Vectors of texts, fp32 [n, D]; those of like length are read together."""
    if not texts:
        return np.empty((0, network.size), dtype=np.float32)
    order = np.argsort(network.lengths(texts, side), kind="stable")
    found = np.empty((len(texts), network.size), dtype=np.float32)
    for start in range(0, len(order), _TEXTS_AT_ONCE):
        places = order[start : start + _TEXTS_AT_ONCE]
        tokens = network.read([texts[place] for place in places], side)
        found[places] = network.vectors(tokens, side).float().cpu().numpy()
    return found


class VectorIndex:
    """Candidates by their vectors; a score is the inner product."""

    def __init__(self, network: Any, candidates: Sequence[str]) -> None:
        """Read the candidates once."""
        self._network = network
        self._candidates = vectors_of(network, candidates, "passage")

    def scores(self, questions: Sequence[str]) -> np.ndarray:
        """fp32 [n, m]."""
        found: np.ndarray = (
            vectors_of(self._network, questions, "question") @ self._candidates.T
        )
        return found


def ranks_of(index: Any, pool: Pool) -> Ranks:
    """What an index of the pool's candidates makes of its questions."""
    return joined(
        [
            ranks(
                index.scores(pool.questions[start : start + _QUESTIONS_AT_ONCE]),
                pool.right[start : start + _QUESTIONS_AT_ONCE],
            )
            for start in range(0, len(pool), _QUESTIONS_AT_ONCE)
        ]
    )


def measured(network: Any, pool: Pool) -> dict[str, float]:
    """Measures of a pool, by one of which an epoch is chosen; see `Ranks.measures`."""
    return ranks_of(VectorIndex(network, pool.candidates), pool).measures()
