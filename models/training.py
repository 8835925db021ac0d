"""One plain training loop, and the sampling of its epochs."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn


class NotTrainableError(ValueError):
    """The given examples can't train a model."""


@dataclass(frozen=True)
class Progress:
    """Where a training is.

    Attributes:
        phase: Name of the phase.
        epoch: Epochs done.
        loss: Mean over the batches since the last report.
        metric: On validation, the higher the better; NaN where none is measured.
        seconds: Since the start of the phase.
    """

    phase: str
    epoch: float
    loss: float
    metric: float
    seconds: float


@dataclass
class Fit:
    """What a training came to.

    Attributes:
        history: One entry an evaluation.
        best_metric: Of the weights that were kept.
        best_epoch: When they were reached.
        stopped_by: epochs, patience or seconds.
    """

    history: list[Progress] = field(default_factory=list)
    best_metric: float = -math.inf
    best_epoch: float = 0.0
    stopped_by: str = "epochs"


def under_sampled(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places of one epoch: all of the rarer class, as many of the other, shuffled.

    models.md 1.6 (Chen et al. 2019): drawn without replacement, anew each epoch, so
    that over many epochs all negatives are seen.

    Args:
        labels: 0 or 1, [n].
        rng: Its state is what makes one epoch differ from the next.
    """
    positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    size = min(len(positives), len(negatives))
    chosen = [rng.choice(side, size, replace=False) for side in (positives, negatives)]
    return rng.permutation(np.concatenate(chosen))


def epoch_batches(
    labels: np.ndarray, rng: np.random.Generator, batch_size: int
) -> Iterator[np.ndarray]:
    """The batches of one under-sampled epoch, as places."""
    places = under_sampled(labels, rng)
    for start in range(0, len(places), batch_size):
        yield places[start : start + batch_size]


def fit(
    model: nn.Module,
    loss: Callable[[np.ndarray], Tensor],
    labels: np.ndarray,
    *,
    phase: str,
    learning_rate: float,
    batch_size: int,
    max_epochs: float,
    rng: np.random.Generator,
    evaluate: Callable[[], float] | None = None,
    patience: int = 0,
    max_seconds: float = math.inf,
    report: Callable[[Progress], None] | None = None,
) -> Fit:
    """Train with Adam; where there is a validation, keep the best weights.

    Args:
        model: Trained in place.
        loss: Of a batch, given as places among `labels`.
        labels: 0 or 1; each epoch is under-sampled to one to one.
        phase: Name for the reports.
        learning_rate: Of Adam.
        batch_size: Pairs of a batch.
        max_epochs: May be a fraction: so many of the epoch's batches.
        rng: Of the sampling.
        evaluate: Gives the validation metric of the weights as they are.
        patience: Epochs without a better metric after which to stop.
        max_seconds: After which to stop, at the end of an epoch.
        report: Called after each epoch.
    """
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    parameters = [one for one in model.parameters() if one.requires_grad]
    optimiser = accelerator.prepare(torch.optim.Adam(parameters, lr=learning_rate))
    n_batches = max(
        1, math.ceil(2 * min(np.bincount(labels, minlength=2)) / batch_size)
    )
    n_left = max(1, round(max_epochs * n_batches)) if max_epochs > 0 else 0
    done, result, started = 0, Fit(), time.monotonic()
    best: dict[str, Tensor] = {}
    while n_left > 0:
        losses: list[float] = []
        model.train()
        for places in epoch_batches(labels, rng, batch_size):
            optimiser.zero_grad()
            value = loss(places)
            accelerator.backward(value)
            optimiser.step()
            losses.append(float(value.detach()))
            done, n_left = done + 1, n_left - 1
            if n_left == 0:
                break
        model.eval()
        metric = evaluate() if evaluate is not None else math.nan
        seconds = time.monotonic() - started
        now = Progress(phase, done / n_batches, float(np.mean(losses)), metric, seconds)
        result.history.append(now)
        if report is not None:
            report(now)
        if evaluate is not None:
            if metric > result.best_metric:
                result.best_metric, result.best_epoch = metric, now.epoch
                best = {key: one.clone() for key, one in model.state_dict().items()}
            elif now.epoch - result.best_epoch >= patience:
                result.stopped_by = "patience"
                break
        if seconds > max_seconds:
            result.stopped_by = "seconds"
            break
    if best:
        model.load_state_dict(best)
    model.eval()
    return result
