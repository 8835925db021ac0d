"""The dual encoder: a vector for each text, read alone (ENDX 4.2).

    R_q = Agg(Enc(q)),  R_a = Agg(Enc(a)),  f(q, a) = R_q . R_a
    L_dual = -1/B sum_i log softmax_j(R_{q_i} . R_{a_j})_i              (1)

f is the plain inner product, without a norm or a temperature; the other passages of a
batch are a question's negatives. One encoder serves both sides; `is_two_tower` gives
each its own.

Deviations: the weights that a pretrained encoder starts with count as an epoch, the
0th: a training that makes them no better keeps them, and the history's last entry says
so. `patience` may stop a training, which the paper's never does.

| symbol | name in code | shape |
|---|---|---|
| Enc | `encoders` | |
| Agg | `hops` | |
| R | `vectors` | [B, R d] |
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.encoder import Halved, Tokens
from models.hub_encoder import Source, pieces_of, text_encoder_named
from models.passages.examples import (
    Examples,
    Matches,
    Recipe,
    Report,
    Side,
    Trained,
)
from models.passages.hops import MultiHop
from models.passages.text_encoders import started, text_encoder
from models.passages.vectors import TextReader, measured
from models.training import Log, Progress, fit

Loss = Callable[[np.ndarray], Tensor]
_PRETRAINED = "bert"


class Dual(nn.Module):
    """The network."""

    def __init__(
        self,
        encoders: Sequence[nn.Module],
        words: Sequence[str],
        config: Mapping[str, Any],
    ) -> None:
        """Take one encoder for both sides, or that of questions and of passages."""
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.reader = TextReader(
            pieces_of(words, config),
            max_question_tokens=config["max_question_tokens"],
            max_passage_tokens=config["max_passage_tokens"],
        )
        self.hops = hops_of(config)
        self.size = config["n_hops"] * int(config["encoder"]["hidden_size"])

    def read(self, texts: Sequence[str], side: Side) -> Tokens:
        """Word pieces, on the network's device."""
        return self.reader.read(texts, side).to(self.hops.score.weight.device)

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.reader.lengths(texts, side)

    def vectors(self, tokens: Tokens, side: Side) -> Tensor:
        """R of some texts, fp32 [B, R d]."""
        place = 0 if side == "question" else len(self.encoders) - 1
        states = self.encoders[place](tokens).float()
        found: Tensor = self.hops(states, tokens.mask)
        return found


def hops_of(config: Mapping[str, Any]) -> MultiHop:
    """Agg of a network's sizes."""
    size = int(config["encoder"]["hidden_size"])
    return MultiHop(
        size=size,
        hidden_size=config["hop_size"] or size,
        n_hops=config["n_hops"],
    )


def in_batch_loss(
    questions: Tensor, passages: Tensor, alike: Tensor | None = None
) -> Tensor:
    """(1) of matched vectors, [B, D] each.

    Args:
        questions: R_q.
        passages: R_a.
        alike: True where two matches have the same passage or question, [B, B]; those
            but the own one leave the denominator. None: as printed, they are negatives.
    """
    scores = questions.float() @ passages.float().T
    if alike is not None:
        own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
        scores = scores.masked_fill(alike.to(own.device) & ~own, -torch.inf)
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def matched_loss(
    network: Any, matches: Matches, recipe: Recipe, *, scale: float = 1.0
) -> Loss:
    """(1) of a batch, given as places among the matches, by a network of vectors.

    The inner products are multiplied by `scale`, as those of length 1 need to be.
    """

    def loss(places: np.ndarray) -> Tensor:
        asked = [matches.questions[place] for place in places]
        said = [matches.passages[place] for place in places]
        return in_batch_loss(
            scale * network.vectors(network.read(asked, "question"), "question"),
            network.vectors(network.read(said, "passage"), "passage"),
            alike(asked, said, recipe),
        )

    return loss


def alike(
    questions: Sequence[str], passages: Sequence[str], recipe: Recipe
) -> Tensor | None:
    """Which matches of a batch share a passage or a question, where that is to matter.

    Either way the passage of one answers the question of the other.
    """
    if recipe.duplicates == "literal":
        return None
    return _equal(questions) | _equal(passages)


def _equal(texts: Sequence[str]) -> Tensor:
    places = {text: place for place, text in enumerate(texts)}
    ids = torch.tensor([places[text] for text in texts])
    return ids.unsqueeze(0) == ids.unsqueeze(1)


def whole(
    labels: np.ndarray, rng: np.random.Generator, batch_size: int
) -> Iterator[np.ndarray]:
    """Batches of one size, as places: in a smaller one a question has fewer negatives.

    What is left of an epoch is left out; of fewer than a batch it is the one batch.
    """
    order = rng.permutation(len(labels))
    n_whole = max(1, len(order) // batch_size)
    for place in range(n_whole):
        yield order[place * batch_size : (place + 1) * batch_size]


def config_of(kind: str, source: Source, recipe: Recipe) -> dict[str, Any]:
    """Sizes and switches of a dual encoder."""
    return {
        "kind": kind,
        "encoder": dict(source.sizes),
        **source.reading,
        "max_question_tokens": recipe.max_question_tokens,
        "max_passage_tokens": recipe.max_passage_tokens,
        "n_encoders": 2 if recipe.is_two_tower else 1,
        "n_hops": recipe.n_hops,
        "hop_size": recipe.hop_size,
    }


def untrained(kind: str, source: Source, recipe: Recipe) -> Dual:
    """A dual encoder that starts from a pretrained encoder."""
    config = config_of(kind, source, recipe)
    encoders = [
        trainable(started(kind, source, dropout=recipe.dropout), recipe)
        for _ in range(config["n_encoders"])
    ]
    return Dual(encoders, source.words, config)


def trainable(encoder: nn.Module, recipe: Recipe) -> nn.Module:
    """An encoder whose layers multiply in the recipe's numbers, if it has such."""
    if isinstance(encoder, Halved):
        encoder.multiply_in(recipe.precision)
    return encoder


def train_dual(
    kind: str, examples: Examples, recipe: Recipe, report: Report
) -> Trained:
    """Train with (1) alone.

    Args:
        kind: Of `text_encoders.KINDS`.
        examples: What it may learn from.
        recipe: With the batch, rate and epochs of the kind.
        report: Called after each epoch.
    """
    examples.check()
    torch.manual_seed(recipe.seed)
    source = text_encoder_named(recipe.encoder)
    network = untrained(kind, source, recipe)
    log = Log(report)
    loss = matched_loss(network, examples.training, recipe)
    fit_kind(network, loss, examples, recipe, log, kind=kind, evaluated=network)
    return Trained(
        network.eval(),
        config_of(kind, source, recipe),
        source.words,
        history=log.history,
    )


def fit_kind(
    trained: nn.Module,
    loss: Loss,
    examples: Examples,
    recipe: Recipe,
    log: Log,
    *,
    kind: str,
    evaluated: Any,
    clipped: Sequence[nn.Module] = (),
    chosen_by: str = "recall_at_1",
    after_epoch: Callable[[], Sequence[Progress]] = tuple,
) -> None:
    """The training of 4.5: rates, batches and epochs of the kind.

    Args:
        trained: Holds all parameters.
        loss: Of a batch, given as places among the matches.
        examples: Their validation pool is ranked after each epoch.
        recipe: With the settings of both kinds.
        log: Takes the reports.
        kind: bert has rates that fall, all others ones that stay.
        evaluated: What ranks.
        clipped: Parts of it whose gradients are clipped each alone.
        chosen_by: Measure of the validation pool that an epoch is chosen by, of
            `Ranks.measures`; the paper's is set recall at 1.
        after_epoch: Gives more to report.
    """
    is_pretrained = kind == _PRETRAINED

    def evaluate() -> float:
        for progress in after_epoch():
            log(progress)
        return measured(evaluated, examples.validation)[chosen_by]

    ended = fit(
        trained,
        loss,
        np.zeros(len(examples.training)),
        phase="train",
        learning_rate=(
            recipe.learning_rate if is_pretrained else recipe.small_learning_rate
        ),
        weight_decay=0.01,
        clip=1.0,
        clipped=clipped,
        warm_up=0.0 if is_pretrained else None,
        batch_size=batch_size_of(kind, recipe),
        max_epochs=recipe.max_epochs if is_pretrained else recipe.small_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=whole,
        evaluate=evaluate,
        has_start=is_pretrained,
        patience=recipe.patience,
        max_seconds=recipe.max_seconds,
        report=log,
    )
    log.history.append(
        {
            "phase": "kept",
            "epoch": ended.best_epoch,
            "metric": ended.best_metric,
            "stopped_by": ended.stopped_by,
        }
    )


def batch_size_of(kind: str, recipe: Recipe) -> int:
    """Matches of a batch: a pretrained encoder has fewer."""
    return recipe.batch_size if kind == _PRETRAINED else recipe.small_batch_size


def build(config: Mapping[str, Any], words: Sequence[str]) -> Dual:
    """The network of a model folder, before its weights."""
    encoders = [
        text_encoder(config["kind"], config["encoder"])
        for _ in range(config["n_encoders"])
    ]
    return Dual(encoders, words, config)
