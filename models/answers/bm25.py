"""BM25 of question and sentence with a learned threshold: a reference.

    y = sigmoid(w bm25(Q, S) + b), the formula in `models.lexical`

w and b are a logistic regression's, fitted on the QR pairs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.regression import fit_linear, logit_of
from models.lexical import Terms, terms

_MAX_TERMS = 256


class Bm25(nn.Module):
    """The terms and two numbers."""

    def __init__(self, found: Terms) -> None:
        super().__init__()
        self.terms = found
        self.linear = nn.Linear(1, 1)

    def read(self, texts: Sequence[str]) -> Tensor:
        """Stem ids, [B, L]."""
        return self.terms.read(texts, _MAX_TERMS)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Stems of each text, at least 1, [n]."""
        return np.array([min(max(1, len(terms(text))), _MAX_TERMS) for text in texts])

    def encode_questions(self, texts: Tensor) -> Cache:
        """The ids, [B, L, 1]; a text without stems keeps one pad."""
        mask = texts != 0
        mask[:, 0] = True
        return Cache(states=texts.unsqueeze(2), mask=mask)

    def encode_sentences(self, texts: Tensor) -> Cache:
        """The ids, [B, L, 1]."""
        return self.encode_questions(texts)

    def features(self, questions: Cache, sentences: Cache) -> Tensor:
        """BM25, [B, 1]."""
        return self.terms.bm25(_ids(questions), _ids(sentences)).unsqueeze(1)

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]."""
        return logit_of(self, questions, sentences)


def _ids(cache: Cache) -> Tensor:
    states, mask = cache.tokens
    return states.squeeze(2) * mask


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Count the QR sentences' stems, then fit the two numbers."""
    examples.check()
    network = Bm25(Terms.fit(examples.qr.texts))
    fit_linear(network, examples.qr)
    return Trained(network=network.eval(), config={}, words=network.terms.words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Bm25:
    """The network of a model folder, before its weights."""
    return Bm25(Terms(words))
