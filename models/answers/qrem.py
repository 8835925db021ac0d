"""QREM: cosine of pooled word vectors with a learned threshold.

Chen et al. 2019, compared method (models.md 2.8). A text is the maximum, minimum and
mean of its words' vectors, dimension by dimension, 3d numbers; the cosine of question
and sentence is the one feature of a logistic regression fitted on the QR pairs:

    y = sigmoid(w cos(p(Q), p(R)) + b)

| symbol | name in code | shape |
|---|---|---|
| p(.) | `_pooled` | [B, 3d] |
| w, b | `slope`, `offset` | 1 |
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache, logits_of
from models.vocabulary import tokenise
from models.word_inputs import Texts, WordInputs


@dataclass(frozen=True)
class QremConfig:
    """Sizes, saved with the weights.

    Attributes:
        vector_size: d, width of the word vectors.
        max_tokens: Tokens kept of a text, from its start.
    """

    vector_size: int
    max_tokens: int


class Qrem(nn.Module):
    """Pooled word vectors, and two numbers."""

    def __init__(self, config: QremConfig, words: Sequence[str]) -> None:
        """Build with zero word vectors; the logit is the cosine."""
        super().__init__()
        self.config = config
        self.inputs = WordInputs(words=words, vector_size=config.vector_size)
        self.slope = nn.Parameter(torch.tensor(1.0))
        self.offset = nn.Parameter(torch.tensor(0.0))

    def read(self, texts: Sequence[str]) -> Texts:
        """Texts as ids, on the network's device."""
        return self.inputs.read(texts, self.config.max_tokens)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the limit, [n]."""
        limit = self.config.max_tokens
        return np.array([min(len(tokenise(text)), limit) for text in texts])

    def encode_questions(self, texts: Texts) -> Cache:
        """p(Q) of length one, [B, 3d]."""
        return Cache(vector=F.normalize(self._pooled(texts), dim=-1))

    def encode_sentences(self, texts: Texts) -> Cache:
        """p(R) of length one, [B, 3d]."""
        return self.encode_questions(texts)

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]."""
        cosine = (questions.whole * sentences.whole).sum(dim=-1)
        logit: Tensor = self.slope * cosine + self.offset
        return logit

    def _pooled(self, texts: Texts) -> Tensor:
        states, mask = self.inputs(texts), texts.mask.unsqueeze(-1)
        highest = states.masked_fill(~mask, float("-inf")).amax(dim=1)
        lowest = states.masked_fill(~mask, float("inf")).amin(dim=1)
        mean = (states * mask).sum(dim=1) / mask.sum(dim=1)
        return torch.cat([highest, lowest, mean], dim=-1)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fit the two numbers on the QR pairs, both classes of equal weight."""
    examples.check()
    words, vectors = examples.words.words, examples.words.vectors
    config = QremConfig(vector_size=vectors.shape[1], max_tokens=recipe.max_tokens)
    network = Qrem(config, words)
    network.inputs.set_vectors(vectors)
    cosine = logits_of(network, examples.qr.questions, examples.qr.texts)
    fitted = LogisticRegression(C=np.inf, class_weight="balanced").fit(
        cosine[:, None], np.array(examples.qr.labels)
    )
    with torch.no_grad():
        network.slope.fill_(float(fitted.coef_[0, 0]))
        network.offset.fill_(float(fitted.intercept_[0]))
    return Trained(network=network, config=asdict(config), words=words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Qrem:
    """The network of a model folder, before its weights."""
    return Qrem(QremConfig(**config), words)
