"""Training on community answers first and on labelled sentences then.

Chen et al. 2019 (models.md 2.4): the parts that both tasks share are pre-trained on QA
pairs, deliberately insufficiently; then the whole network is fine-tuned on QR pairs.
Both phases under-sample each epoch. How much to pre-train and when to stop are chosen
on the validation pairs by F1, equals by average precision.
"""

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from models.answers.examples import Examples, Pairs, Recipe, Report
from models.answers.factored import probabilities
from models.metrics import average_precision, best_threshold, measures
from models.training import Log, fit, once

N = TypeVar("N", bound=nn.Module)
Loss = Callable[[N, Sequence[str], Sequence[str], Tensor], Tensor]


def train_two_tasks(
    network: N,
    examples: Examples,
    recipe: Recipe,
    *,
    loss_qa: Loss[N] | None,
    loss_qr: Loss[N] | None,
    report: Report,
) -> tuple[N, float, list[dict[str, Any]]]:
    """Pre-train once, fine-tune from each candidate amount, keep the best.

    Args:
        network: Trained in place up to the largest candidate; copies are fine-tuned.
        examples: Pairs of both tasks, and those to choose by.
        recipe: Of the training.
        loss_qa: Of (network, questions, answers, labels); None trains on QR alone.
        loss_qr: Of (network, questions, sentences, labels); None trains on QA alone.
        report: Called after each epoch.

    Returns:
        The chosen network, the epochs it was pre-trained for, all reports.
    """
    examples.check()
    log = Log(report)
    amounts = [0.0]
    if loss_qa is not None and len(examples.qa):
        amounts = sorted(set(recipe.pretrain_epochs))
    best: tuple[float, float, N] | None = None
    done = 0.0
    rng = np.random.default_rng(recipe.seed)
    for epochs in amounts:
        # One pre-training with stops on the way: Adam starts anew at each.
        if loss_qa is not None:
            _pretrain(network, examples.qa, recipe, loss_qa, epochs - done, rng, log)
        done = epochs
        candidate = copy.deepcopy(network)
        metric = (
            _fine_tune(candidate, examples, recipe, loss_qr, epochs, log)
            if loss_qr is not None
            else metric_of(candidate, examples.validation)
        )
        if best is None or metric > best[0]:
            best = metric, epochs, candidate
    assert best is not None
    _, epochs, chosen = best
    return chosen.eval(), epochs, log.history


def _pretrain(
    network: N,
    qa: Pairs,
    recipe: Recipe,
    loss: Loss[N],
    epochs: float,
    rng: np.random.Generator,
    report: Report,
) -> None:
    if epochs <= 0 or len(set(qa.labels)) < 2:
        return

    def work() -> None:
        fit(
            network,
            lambda places: loss(network, *batch(network, qa, places)),
            np.array(qa.labels),
            phase="pre-train",
            learning_rate=recipe.learning_rate,
            batch_size=recipe.batch_size,
            max_epochs=epochs,
            rng=rng,
            report=report,
        )

    rates = [recipe.batch_size, recipe.learning_rate, recipe.dropout, recipe.max_tokens]
    rest = [qa.questions, qa.texts, qa.labels]
    once(network, rng, [epochs, rates, rest], work)


def _fine_tune(
    network: N,
    examples: Examples,
    recipe: Recipe,
    loss: Loss[N],
    pretrained: float,
    report: Report,
) -> float:
    """Best validation F1; the network is at it."""
    torch.manual_seed(recipe.seed)
    result = fit(
        network,
        lambda places: loss(network, *batch(network, examples.qr, places)),
        np.array(examples.qr.labels),
        phase=f"fine-tune after {pretrained:g}",
        learning_rate=recipe.fine_tune_learning_rate,
        batch_size=recipe.batch_size,
        max_epochs=recipe.max_epochs,
        rng=np.random.default_rng(recipe.seed + 1),
        evaluate=lambda: metric_of(network, examples.validation),
        patience=recipe.patience,
        max_seconds=recipe.max_seconds,
        report=report,
    )
    return result.best_metric if result.history else -math.inf


def metric_of(network: Any, validation: Pairs) -> float:
    """Best F1 of a network on validation, plus a thousandth of its AP."""
    labels = np.array(validation.labels)
    scores = probabilities(network, validation.questions, validation.texts)
    f1 = float(measures(labels, scores, best_threshold(labels, scores))["f1"])
    return f1 + 1e-3 * average_precision(labels, scores)


def batch(
    network: nn.Module, pairs: Pairs, places: np.ndarray
) -> tuple[list[str], list[str], Tensor]:
    """Questions, texts and float labels of some pairs, on the network's device."""
    device = next(network.parameters()).device
    labels = np.array(pairs.labels, dtype=np.float32)[places]
    return (
        [pairs.questions[place] for place in places],
        [pairs.texts[place] for place in places],
        torch.from_numpy(labels).to(device),
    )
