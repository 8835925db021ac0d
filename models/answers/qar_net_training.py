"""How QAR-net is trained: a little on community answers, then on labelled sentences.

Chen et al. 2019 (models.md 2.4): Q-subnet, A-subnet and QA head are pre-trained on QA
pairs, deliberately insufficiently; then the whole network is fine-tuned on QR pairs
with Eq. 18. Both phases under-sample each epoch. How much to pre-train, when to stop
and the threshold are chosen on the validation pairs by F1.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.answers.qar_net import (
    QarNet,
    QarNetConfig,
    loss_qa,
    loss_qr,
    texts_of,
)
from models.metrics import average_precision, best_threshold, measures
from models.training import NotTrainableError, Progress, fit
from models.vocabulary import Vocabulary

_EVALUATION_BATCH = 512


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs of texts.

    Attributes:
        questions: Text of each pair's question.
        texts: Text of each pair's answer or sentence.
        labels: 1 or 0.
    """

    questions: Sequence[str]
    texts: Sequence[str]
    labels: Sequence[int]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Recipe:
    """Everything of the training that changes its result.

    Attributes:
        pretrain_epochs: Candidates, in epochs of the QA pairs; 0 is none.
        learning_rate: Of the pre-training.
        fine_tune_learning_rate: Of the fine-tuning.
        batch_size: Pairs of a batch.
        max_epochs: Of the fine-tuning.
        patience: Epochs without a better validation F1.
        mu: Weight of R1.
        eta: Weight of R2.
        seed: Of weights, sampling and dropout.
        max_seconds: Of each fine-tuning.
    """

    pretrain_epochs: tuple[float, ...]
    learning_rate: float
    fine_tune_learning_rate: float
    batch_size: int
    max_epochs: int
    patience: int
    mu: float
    eta: float
    seed: int
    max_seconds: float


@dataclass(frozen=True)
class Trained:
    """A trained network with its threshold and how it came about.

    Attributes:
        network: In evaluation mode, on the CPU.
        threshold: Of the best F1 on validation.
        validation: Measures on validation, at that threshold.
        pretrain_epochs: The candidate that was chosen.
        history: Reports of all phases.
    """

    network: QarNet
    threshold: float
    validation: dict[str, float | int]
    pretrain_epochs: float
    history: list[dict[str, Any]] = field(default_factory=list)


def train(
    qa: Pairs,
    qr: Pairs,
    validation: Pairs,
    *,
    config: QarNetConfig,
    recipe: Recipe,
    vocabulary: Vocabulary,
    vectors: np.ndarray,
    report: Callable[[Progress], None],
) -> Trained:
    """Pre-train once, fine-tune from each candidate amount, keep the best.

    Args:
        qa: Questions with community answers; may be empty.
        qr: Questions with labelled sentences.
        validation: Labelled pairs of other questions.
        config: Sizes of the network.
        recipe: Of the training.
        vocabulary: Words of `vectors`.
        vectors: float32 [V, vector_size].
        report: Called after each epoch.

    Raises:
        NotTrainableError: Training or validation pairs hold one class alone.
    """
    for name, pairs in (("training", qr), ("validation", validation)):
        if len(set(pairs.labels)) < 2:
            raise NotTrainableError(
                f"{len(pairs)} {name} pairs hold labels {sorted(set(pairs.labels))},"
                " expected both 0 and 1: give more labelled questions"
            )
    torch.manual_seed(recipe.seed)
    network = QarNet(config, torch.from_numpy(vectors))
    history: list[dict[str, Any]] = []

    def note(progress: Progress) -> None:
        history.append(asdict(progress))
        report(progress)

    best: tuple[float, float, QarNet] | None = None
    done = 0.0
    rng = np.random.default_rng(recipe.seed)
    for epochs in sorted(set(recipe.pretrain_epochs)) if len(qa) else [0.0]:
        # One pre-training with stops on the way: Adam starts anew at each.
        _pretrain(network, qa, vocabulary, recipe, epochs - done, rng, note)
        done = epochs
        candidate = copy.deepcopy(network)
        metric = _fine_tune(candidate, qr, validation, vocabulary, recipe, epochs, note)
        if best is None or metric > best[0]:
            best = metric, epochs, candidate
    assert best is not None
    _, epochs, chosen = best
    labels = np.array(validation.labels)
    scores = probabilities(chosen, validation, vocabulary)
    threshold = best_threshold(labels, scores)
    return Trained(
        network=chosen,
        threshold=threshold,
        validation=measures(labels, scores, threshold),
        pretrain_epochs=epochs,
        history=history,
    )


def probabilities(network: QarNet, pairs: Pairs, vocabulary: Vocabulary) -> np.ndarray:
    """The network's probability of each pair, float32 [n]; dropout is off."""
    network.eval()
    order = np.argsort([len(text) for text in pairs.texts], kind="stable")
    scores = np.empty(len(pairs), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(pairs), _EVALUATION_BATCH):
            places = order[start : start + _EVALUATION_BATCH]
            asked, said = _batch(pairs, places, vocabulary, network)
            scores[places] = torch.sigmoid(network(asked, said).logit).cpu().numpy()
    return scores


def _pretrain(
    network: QarNet,
    qa: Pairs,
    vocabulary: Vocabulary,
    recipe: Recipe,
    epochs: float,
    rng: np.random.Generator,
    report: Callable[[Progress], None],
) -> None:
    if epochs <= 0 or len(set(qa.labels)) < 2:
        return
    labels = np.array(qa.labels)

    def loss(places: np.ndarray) -> Tensor:
        asked, said = _batch(qa, places, vocabulary, network)
        return loss_qa(network.forward_qa(asked, said), _targets(labels[places]))

    fit(
        network,
        loss,
        labels,
        phase="pre-train",
        learning_rate=recipe.learning_rate,
        batch_size=recipe.batch_size,
        max_epochs=epochs,
        rng=rng,
        report=report,
    )


def _fine_tune(
    network: QarNet,
    qr: Pairs,
    validation: Pairs,
    vocabulary: Vocabulary,
    recipe: Recipe,
    pretrained: float,
    report: Callable[[Progress], None],
) -> float:
    """Best validation F1, ties broken by average precision; the network is at it."""
    labels = np.array(qr.labels)
    expected = np.array(validation.labels)

    def loss(places: np.ndarray) -> Tensor:
        asked, said = _batch(qr, places, vocabulary, network)
        return loss_qr(
            network(asked, said),
            said.mask,
            _targets(labels[places]),
            mu=recipe.mu,
            eta=recipe.eta,
        )

    def evaluate() -> float:
        scores = probabilities(network, validation, vocabulary)
        threshold = best_threshold(expected, scores)
        f1 = float(measures(expected, scores, threshold)["f1"])
        return f1 + 1e-3 * average_precision(expected, scores)

    torch.manual_seed(recipe.seed)
    result = fit(
        network,
        loss,
        labels,
        phase=f"fine-tune after {pretrained:g}",
        learning_rate=recipe.fine_tune_learning_rate,
        batch_size=recipe.batch_size,
        max_epochs=recipe.max_epochs,
        rng=np.random.default_rng(recipe.seed + 1),
        evaluate=evaluate,
        patience=recipe.patience,
        max_seconds=recipe.max_seconds,
        report=report,
    )
    return result.best_metric if result.history else -math.inf


def _batch(
    pairs: Pairs, places: np.ndarray, vocabulary: Vocabulary, network: QarNet
) -> tuple[Any, Any]:
    limit = network.config.max_tokens
    device = network.affinity.weight.device
    asked = texts_of([pairs.questions[place] for place in places], vocabulary, limit)
    said = texts_of([pairs.texts[place] for place in places], vocabulary, limit)
    return asked.to(device), said.to(device)


def _targets(labels: np.ndarray) -> Tensor:
    return torch.from_numpy(labels.astype(np.float32))
