"""BERT_QA (4.8): the interaction model, question and candidate read together.

    f(q, a) = w . h_[CLS] + b,  h = E([CLS] q [SEP] a [SEP])

Trained on matches and `n_negatives` passages of other matches for each, drawn anew in
each epoch, with binary cross-entropy. Every pair costs a run of the encoder, so that
it ranks n questions among m candidates in n m runs.

| symbol | name in code | shape |
|---|---|---|
| E | `encoder` | [B, L, H] |
| w, b | `head` | [H], 1 |
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.hub_encoder import encoder_of, pieces_of, text_encoder_named
from models.passages.dual import trainable
from models.passages.examples import Examples, Matches, Pool, Recipe, Report, Trained
from models.ranking import ranks
from models.training import Log, fit

_PAIRS_AT_ONCE = 64


class BertQa(nn.Module):
    """The encoder and an output layer."""

    def __init__(
        self, encoder: nn.Module, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pieces = pieces_of(words, config)
        self.max_tokens = int(config["max_tokens"])
        self.head = nn.Linear(int(config["encoder"]["hidden_size"]), 1)

    def forward(self, questions: Sequence[str], passages: Sequence[str]) -> Tensor:
        """Logits of pairs, fp32 [B]."""
        tokens = self.pieces.read_pairs(questions, passages, self.max_tokens)
        states = self.encoder(tokens.to(self.head.weight.device))
        logit: Tensor = self.head(states[:, 0].float()).squeeze(1)
        return logit

    def index(self, candidates: Sequence[str]) -> "PairIndex":
        """What ranks these candidates: nothing can be done ahead."""
        return PairIndex(self, candidates)


class PairIndex:
    """Candidates that are read with each question."""

    def __init__(self, network: BertQa, candidates: Sequence[str]) -> None:
        self._network = network
        self._candidates = candidates
        lengths = network.pieces.lengths(candidates, network.max_tokens)
        self._order = np.argsort(lengths, kind="stable")

    @torch.inference_mode()
    def scores(self, questions: Sequence[str]) -> np.ndarray:
        """fp32 [n, m]."""
        found = np.empty((len(questions), len(self._candidates)), dtype=np.float32)
        for row, question in zip(found, questions, strict=True):
            for start in range(0, len(self._order), _PAIRS_AT_ONCE):
                places = self._order[start : start + _PAIRS_AT_ONCE]
                said = [self._candidates[place] for place in places]
                row[places] = self._network([question] * len(said), said).cpu().numpy()
        return found


def pairs_of(
    matches: Matches, n_negatives: int, rng: np.random.Generator
) -> Iterator[tuple[int, int, int]]:
    """Pairs of an epoch: place of the question, of the passage, and whether it matches.

    A drawn passage that answers the same question is left out.
    """
    n = len(matches)
    right: dict[str, set[str]] = {}
    for asked, said in zip(matches.questions, matches.passages, strict=True):
        right.setdefault(asked, set()).add(said)
    for place in range(n):
        yield place, place, 1
        for drawn in rng.integers(n, size=n_negatives):
            if matches.passages[drawn] not in right[matches.questions[place]]:
                yield place, int(drawn), 0


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fine-tune all weights; R@1 on the validation pool chooses the epoch."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = text_encoder_named(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        **source.reading,
        "max_tokens": recipe.max_question_tokens + recipe.max_passage_tokens,
    }
    encoder = trainable(source.encoder(dropout=recipe.dropout), recipe)
    network = BertQa(encoder, source.words, config)
    matches = examples.training
    pairs: list[tuple[int, int, int]] = []

    def batches(
        labels: np.ndarray, draws: np.random.Generator, batch_size: int
    ) -> Iterator[np.ndarray]:
        pairs[:] = pairs_of(matches, recipe.n_negatives, draws)
        order = draws.permutation(len(pairs))
        for start in range(0, len(order), batch_size):
            yield order[start : start + batch_size]

    def loss(places: np.ndarray) -> Tensor:
        chosen = [pairs[place] for place in places]
        logits = network(
            [matches.questions[asked] for asked, _, _ in chosen],
            [matches.passages[said] for _, said, _ in chosen],
        )
        target = torch.tensor([float(label) for _, _, label in chosen])
        return F.binary_cross_entropy_with_logits(logits, target.to(logits.device))

    log = Log(report)
    fit(
        network,
        loss,
        np.zeros(len(matches)),
        phase="train",
        learning_rate=recipe.learning_rate,
        weight_decay=0.01,
        clip=1.0,
        warm_up=0.0,
        batch_size=recipe.batch_size,
        max_epochs=recipe.max_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=batches,
        evaluate=lambda: _recall_at_1(network, examples.validation),
        patience=recipe.patience,
        max_seconds=recipe.max_seconds,
        report=log,
    )
    return Trained(network.eval(), config, source.words, history=log.history)


def _recall_at_1(network: BertQa, pool: Pool) -> float:
    scores = network.index(pool.candidates).scores(pool.questions)
    return ranks(scores, pool.right).measures()["recall_at_1"]


def build(config: Mapping[str, Any], words: Sequence[str]) -> BertQa:
    """The network of a model folder, before its weights."""
    return BertQa(encoder_of(config["encoder"]), words, config)
