"""MiniLM's cosine and BM25 of stems, their weights learnt: what one would try next.

    f(q, a) = w_0 v(q) . v(a) + w_1 BM25(q, a) + w_2 BM25(q, a) / sum of idf(t)

v is the vector of `minilm-cosine` (`endx-hybrid`: of `endx-bert`), the rest that of
`lexicon`. The three weights minimise the cross-entropy of a softmax over the validation
pool's candidates, each question's right ones being its target. A question's vector
holds w_0, so that vectors and words are added where passages are ranked.

| symbol | name in code | shape |
|---|---|---|
| v | `inner` | [B, D] |
| w_0 | `scale` | 1 |
| w_1, w_2, idf | `lexicon` | |
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.encoder import Tokens
from models.passages import minilm_cosine, use_qa
from models.passages.examples import Examples, Pool, Recipe, Report, Side, Trained
from models.passages.lexicon import N_BUCKETS, Lexicon
from models.passages.vectors import VectorIndex
from models.training import NotTrainableError

_STEPS = 60
_CONSTANT = 1e-6  # a standard deviation of no more is none
_AT_MOST = 600  # questions that the weights are fitted on


class Hybrid(nn.Module):
    """A network of vectors, and the words beside it."""

    idf: Tensor
    average: Tensor
    weights: Tensor
    scale: Tensor

    def __init__(self, inner: Any) -> None:
        """Take a network of vectors; `fit` or saved weights fill the rest."""
        super().__init__()
        self.inner = inner
        self.reader = inner.reader
        self.size = int(inner.size)
        self.register_buffer("idf", torch.zeros(N_BUCKETS))
        self.register_buffer("average", torch.tensor(1.0))
        self.register_buffer("weights", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("scale", torch.tensor(1.0))

    def read(self, texts: Sequence[str], side: Side) -> Tokens:
        """Word pieces, on the network's device."""
        found: Tokens = self.inner.read(texts, side)
        return found

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Word pieces of each text, [n]."""
        found: np.ndarray = self.inner.lengths(texts, side)
        return found

    def vectors(self, tokens: Tokens, side: Side) -> Tensor:
        """fp32 [B, D]; those of questions hold w_0."""
        found: Tensor = self.inner.vectors(tokens, side).float()
        return found * self.scale if side == "question" else found

    def lexicon(self) -> Lexicon:
        """The words' part, on the CPU."""
        return Lexicon(
            self.idf.cpu().numpy(),
            float(self.average),
            self.weights.cpu().numpy(),
        )

    def index(self, candidates: Sequence[str]) -> "HybridIndex":
        """What ranks these candidates."""
        return HybridIndex(self, candidates)

    def fit(self, passages: Sequence[str], pool: Pool) -> None:
        """Frequencies of passages, and the weights by questions with candidates."""
        lexicon = Lexicon.fit(passages)
        self.idf.copy_(torch.from_numpy(lexicon.idf))
        self.average.fill_(lexicon.average)
        asked = pool.questions[:_AT_MOST]
        inner = VectorIndex(self.inner, pool.candidates).scores(asked)
        features = np.concatenate(
            [inner[None], lexicon.features(asked, lexicon.read(pool.candidates))]
        )
        found = softmax_weights(features, pool.right[:_AT_MOST])
        self.scale.fill_(found[0])
        self.weights.copy_(torch.from_numpy(found[1:]))


class HybridIndex:
    """Candidates by their vectors and words."""

    def __init__(self, network: Hybrid, candidates: Sequence[str]) -> None:
        self._vectors = VectorIndex(network, candidates)
        self._lexicon = network.lexicon()
        self._said = self._lexicon.read(candidates)

    def scores(self, questions: Sequence[str]) -> np.ndarray:
        """fp64 [n, m]."""
        found: np.ndarray = self._vectors.scores(questions) + self._lexicon.scores(
            questions, self._said
        )
        return found


def softmax_weights(features: np.ndarray, right: Sequence[Sequence[int]]) -> np.ndarray:
    """Weights of features by which the right candidates are the likeliest, fp64 [F].

    Args:
        features: [F, n, m], of n questions and m candidates.
        right: Places of each question's right candidates; each takes the same share of
            the target.

    Returns:
        0 for a feature that is the same everywhere. Where there is one candidate
        nothing tells, and the first feature is taken as it is.
    """
    if features.shape[2] < 2:
        return np.array([1.0] + [0.0] * (len(features) - 1))
    spread = features.std(axis=(1, 2)).astype(np.float64)
    is_told = spread > _CONSTANT
    spread[~is_told] = 1.0
    scaled = features / spread[:, None, None] * is_told[:, None, None]
    given = torch.from_numpy(scaled.astype(np.float32))
    target = torch.zeros(given.shape[1:])
    for row, places in zip(target, right, strict=True):
        row[list(places)] = 1 / len(places)
    weights = torch.ones(len(features), requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights], max_iter=_STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        scores = torch.tensordot(weights, given, 1)
        # So little of it that it decides only where nothing else does.
        value = (
            nn.functional.cross_entropy(scores, target) + 1e-4 * weights.square().sum()
        )
        value.backward()  # type: ignore[no-untyped-call] # torch's own
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call] # torch's own
    found: np.ndarray = weights.detach().numpy().astype(np.float64) / spread * is_told
    return found


def beside_words(inner: Trained, examples: Examples) -> Trained:
    """A trained network of vectors with the words beside it.

    Raises:
        NotTrainableError: There is no question to fit the weights by.
    """
    try:
        examples.check()
    except NotTrainableError as error:
        raise NotTrainableError(f"{error}, or take minilm-cosine") from None
    network = Hybrid(inner.network)
    network.fit(
        [*examples.training.passages, *examples.validation.candidates],
        examples.validation,
    )
    return Trained(
        network.eval(), inner.config, inner.words, inner.chosen, inner.history
    )


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fit the frequencies and the weights; no encoder is trained."""
    return beside_words(minilm_cosine.train(examples, recipe, report), examples)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Hybrid:
    """The network of a model folder, before its weights."""
    return Hybrid(use_qa.build(config, words))
