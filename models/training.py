"""One plain training loop, and the sampling of its epochs."""

import hashlib
import json
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from models.ranking import NoScoreError

Batches = Callable[[np.ndarray, np.random.Generator, int], Iterator[np.ndarray]]


class NotTrainableError(ValueError):
    """The given examples can't train a model."""


def use_threads(n_threads: int | None) -> None:
    """Train with so many CPU threads.

    More threads than idle cores wait for each other: on two cores, two threads beside
    a busy process took a hundred times as long as one. Beside other work, or in a
    container with fewer CPUs than its machine, say how many.

    Args:
        n_threads: At least 1; None leaves what torch took at its start, OMP_NUM_THREADS
            or the number of cores.
    """
    if n_threads is not None:
        torch.set_num_threads(n_threads)


def training_device() -> torch.device:
    """The GPU where there is one, the first of those that are visible; else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


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


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Trained:
    """A trained network and how it came about.

    Attributes:
        network: In evaluation mode.
        config: Sizes and switches that build the network anew, JSON.
        words: The vocabulary that is saved with it.
        chosen: What was chosen on validation, such as the amount of pre-training.
        history: Reports of all phases.
    """

    network: Any
    config: Mapping[str, Any]
    words: Sequence[str]
    chosen: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()


@dataclass
class Fit:
    """What a training came to.

    Attributes:
        history: One entry an evaluation.
        best_metric: Of the weights that were kept.
        best_epoch: When they were reached.
        stopped_by: epochs, patience, seconds or divergence.
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


def sampled(n_negatives: int) -> Batches:
    """Epochs of all positives and at most so many negatives for each, drawn anew."""

    def batches(
        labels: np.ndarray, rng: np.random.Generator, batch_size: int
    ) -> Iterator[np.ndarray]:
        positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
        size = min(len(negatives), n_negatives * len(positives))
        drawn = rng.choice(negatives, size, replace=False)
        places = rng.permutation(np.concatenate([positives, drawn]))
        for start in range(0, len(places), batch_size):
            yield places[start : start + batch_size]

    return batches


def shuffled(
    labels: np.ndarray, rng: np.random.Generator, batch_size: int
) -> Iterator[np.ndarray]:
    """The batches of an epoch that sees every example once, as places."""
    order = rng.permutation(len(labels))
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


class Log:
    """A report that keeps what it reported.

    Attributes:
        history: One mapping a report.
    """

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self.history: list[dict[str, Any]] = []

    def __call__(self, progress: Progress) -> None:
        """Keep it and pass it on."""
        self.history.append(asdict(progress))
        self._report(progress)


def fit(
    model: nn.Module,
    loss: Callable[[np.ndarray], Tensor],
    labels: np.ndarray,
    *,
    phase: str,
    learning_rate: float,
    rates: Mapping[str, float] | None = None,
    weight_decay: float = 0.0,
    clip: float = math.inf,
    clipped: Sequence[nn.Module] = (),
    batch_size: int,
    max_epochs: float,
    rng: np.random.Generator,
    batches: Batches | None = None,
    evaluate: Callable[[], float] | None = None,
    has_start: bool = False,
    warm_up: float | None = None,
    patience: int = 0,
    max_seconds: float = math.inf,
    report: Callable[[Progress], None] | None = None,
) -> Fit:
    """Train with Adam; where there is a validation, keep the best weights.

    The model is moved to `training_device` and stays there.

    Args:
        model: Trained in place.
        loss: Of a batch, given as places among `labels`.
        labels: 0 or 1; each epoch is under-sampled to one to one.
        phase: Name for the reports.
        learning_rate: Of Adam.
        rates: Start of a parameter's name to its own learning rate.
        clip: Largest norm of a gradient.
        clipped: Parts whose gradients are clipped each by its own norm; none: all of
            them by that of all.
        weight_decay: Above 0 it is AdamW.
        batch_size: Pairs of a batch.
        max_epochs: May be a fraction: so many of the epoch's batches.
        rng: Of the sampling.
        batches: Gives the batches of one epoch; None: `epoch_batches`.
        evaluate: Gives the validation metric of the weights as they are.
        has_start: Whether the weights before the first epoch may be the best.
        warm_up: Share of the steps of `max_epochs` in which the rates rise linearly;
            then they fall to zero. None: they stay as they are.
        patience: Epochs without a better metric after which to stop.
        max_seconds: After which to stop, at the end of an epoch.
        report: Called after each epoch.

    Raises:
        NotTrainableError: The weights became no numbers before any epoch was kept;
            later the best one is kept.
    """
    model.to(training_device())
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    optimiser = accelerator.prepare(
        torch.optim.AdamW(
            _groups(model, rates or {}),
            lr=learning_rate,
            weight_decay=weight_decay,
            fused=True,  # one pass over the weights: five times as fast on a CPU
        )
    )
    draw = batches or epoch_batches
    # Another generator counts: the epochs' own draws do not hang on it.
    n_batches = sum(1 for _ in draw(labels, np.random.default_rng(0), batch_size))
    schedule = _schedule(optimiser, warm_up, round(max_epochs * n_batches))
    parts = tuple(clipped) or (model,)
    steps = _Steps(model, loss, accelerator, optimiser, schedule, clip, parts)
    done, left, result, started = 0.0, max_epochs, Fit(), time.monotonic()
    best: dict[str, Tensor] = {}
    if has_start and evaluate is not None:
        start = steps.measure(evaluate)
        if start is not None:
            result.best_metric, best = start, _weights(model)
    while left > 0:
        # A whole epoch is as long as it comes: its batches may differ in number.
        n_wanted = None if left >= 1 else round(left * n_batches)
        if n_wanted == 0:
            if done:
                break
            n_wanted = 1
        mean_loss = steps.take(islice(draw(labels, rng, batch_size), n_wanted))
        done += 1.0 if n_wanted is None else n_wanted / n_batches
        left -= 1
        metric = steps.measure(evaluate) if _is_finite(model, mean_loss) else None
        if metric is None:
            if not (best and result.history):
                raise NotTrainableError(
                    f"{phase}: loss {mean_loss:g} in epoch {done:g} and weights or"
                    " scores that are no numbers; lower the learning rate"
                )
            result.stopped_by = "divergence"
            warnings.warn(
                f"{phase}: no numbers in epoch {done:g}, epoch {result.best_epoch:g} is"
                " kept; lower the learning rate",
                stacklevel=2,
            )
            break
        seconds = time.monotonic() - started
        now = Progress(phase, done, mean_loss, metric, seconds)
        result.history.append(now)
        if report is not None:
            report(now)
        if evaluate is not None:
            if metric > result.best_metric:
                result.best_metric, result.best_epoch = metric, now.epoch
                best = _weights(model)
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


@dataclass(frozen=True)
class _Steps:
    """The steps of a training, and the measurements between them."""

    model: nn.Module
    loss: Callable[[np.ndarray], Tensor]
    accelerator: Accelerator
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    clip: float
    clipped: Sequence[nn.Module]

    def take(self, batches: Iterable[np.ndarray]) -> float:
        """A step a batch; the mean of their losses."""
        self.model.train()
        losses = [self._one(places) for places in batches]
        # Read once: a GPU would wait for the CPU at every step.
        return float(torch.stack(losses).double().mean())

    def _one(self, places: np.ndarray) -> Tensor:
        self.optimiser.zero_grad()
        with self._casting_once():
            value = self.loss(places)
        self.accelerator.backward(value)
        if self.clip < math.inf:
            for part in self.clipped:
                self.accelerator.clip_grad_norm_(part.parameters(), self.clip)
        self.optimiser.step()
        self.schedule.step()
        return value.detach()

    def measure(self, evaluate: Callable[[], float] | None) -> float | None:
        """The metric of the weights as they are; NaN where none is measured.

        None where their scores are no numbers.
        """
        self.model.eval()
        if evaluate is None:
            return math.nan
        with self._casting_once():
            try:
                return evaluate()
            except NoScoreError:
                return None

    def _casting_once(self) -> torch.autocast:
        """Weights that an encoder casts inside are cast once, not at every call.

        torch keeps them until the outermost of its contexts ends, which this is. It
        keeps those that need gradients; a cast made without gradients would carry none
        later.
        """
        return torch.autocast(self.accelerator.device.type, enabled=False)


_PHASES: dict[str, tuple[dict[str, Tensor], Any, list[Tensor]]] | None = None


def remember_phases() -> None:
    """From now on this process does no phase of a training twice, see `once`.

    For a process that trains many models, such as a comparison's: a pre-training does
    not depend on the labelled set, nor on how the fine-tuning goes.
    """
    global _PHASES
    _PHASES = _PHASES or {}


def once(
    model: nn.Module,
    rng: np.random.Generator,
    depends_on: Any,
    work: Callable[[], Any],
) -> None:
    """Do a phase of a training, or take over how the same one ended.

    Args:
        model: Trained in place by `work`.
        rng: Of the sampling.
        depends_on: All else that the phase depends on, as JSON takes it.
        work: The phase.
    """
    if _PHASES is None:
        work()
        return
    digest = hashlib.sha256(type(model).__name__.encode())
    for one in model.state_dict().values():
        digest.update(one.cpu().numpy().tobytes())
    draws = [rng.bit_generator.state, *(state.tolist() for state in _draws())]
    digest.update(json.dumps([depends_on, draws], default=list).encode())
    key = digest.hexdigest()
    if key not in _PHASES:
        work()
        kept = {name: one.cpu().clone() for name, one in model.state_dict().items()}
        _PHASES[key] = kept, rng.bit_generator.state, _draws()
        return
    weights, rng.bit_generator.state, (of_cpu, *of_gpus) = _PHASES[key]
    model.load_state_dict(weights)
    torch.set_rng_state(of_cpu)
    if of_gpus:
        torch.cuda.set_rng_state_all(of_gpus)


def _draws() -> list[Tensor]:
    """States of torch's generators: the CPU's, and those of the GPUs."""
    of_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return [torch.get_rng_state(), *of_gpus]


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {key: one.clone() for key, one in model.state_dict().items()}


def _is_finite(model: nn.Module, loss: float) -> bool:
    weights = (bool(one.isfinite().all()) for one in model.parameters())
    return math.isfinite(loss) and all(weights)


def _schedule(
    optimiser: torch.optim.Optimizer, warm_up: float | None, n_steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Rates that rise for a share of the steps and fall to zero, or stay."""
    n_rising = max(1, round((warm_up or 0.0) * n_steps))

    def factor(step: int) -> float:
        if warm_up is None:
            return 1.0
        if step < n_rising:
            return (step + 1) / n_rising
        return max(0.0, (n_steps - step) / max(1, n_steps - n_rising))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def _groups(model: nn.Module, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """Parameters with the same learning rate; those that stand still are left out."""
    groups: dict[str, list[nn.Parameter]] = {}
    for name, one in model.named_parameters():
        if one.requires_grad:
            start = next((start for start in rates if name.startswith(start)), "")
            groups.setdefault(start, []).append(one)
    return [
        {"params": found, **({"lr": rates[start]} if start else {})}
        for start, found in groups.items()
    ]
