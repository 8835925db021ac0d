"""The one seam between Spark's workers and a model.

A worker process loads a model once, whatever number of tasks it serves. Inputs are
sorted by length and cut into batches by a budget of padded tokens, not by a number of
rows; out of memory halves the budget; an input that fails alone gets an error of its
own and the others their result. It runs without Spark as well.
"""

import os
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

R = TypeVar("R")
# For `DataFrame.mapInArrow`.
ArrowMap = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]
_LOADED: dict[Hashable, Any] = {}


class NotANumberError(ValueError):
    """A model gave a score that is no number."""


@dataclass(frozen=True)
class Failure:
    """Why one input has no result.

    Attributes:
        error_class: Name of the error's class.
        message: Its first line.
    """

    error_class: str
    message: str


@dataclass
class Results(Generic[R]):
    """What the batches gave.

    Attributes:
        batches: Places of a batch's inputs, and its result.
        failures: Place of an input that failed, and why.
        budget: The budget at the end, smaller where memory ran out.
    """

    batches: list[tuple[np.ndarray, R]] = field(default_factory=list)
    failures: dict[int, Failure] = field(default_factory=dict)
    budget: int = 0


def load_once(key: Hashable, load: Callable[[], R]) -> R:
    """The model of that key, loaded by the first call in this process.

    Args:
        key: Path, fingerprint, device and precision: whatever makes it another model.
        load: Loads it.
    """
    if key not in _LOADED:
        _LOADED[key] = load()
    found: R = _LOADED[key]
    return found


def model_of_run(
    folder: str,
    fingerprint: str,
    precision: str,
    load: Callable[..., R],
) -> R:
    """The model of a folder on this task's device, loaded once a process.

    Args:
        folder: Model folder.
        fingerprint: It must have, since the run began with it.
        precision: fp32, bf16 or fp16.
        load: Takes the folder, `device` and `precision`.

    Raises:
        ValueError: The folder holds another model by now.
    """
    device = device_name()

    def checked() -> R:
        model: Any = load(folder, device=device, precision=precision)
        if model.fingerprint != fingerprint:
            raise ValueError(
                f"{folder}: fingerprint is {model.fingerprint}, expected {fingerprint};"
                " the model was replaced while the run went on: start it again"
            )
        found: R = model
        return found

    return load_once((folder, fingerprint, device, precision), checked)


def computed_in(precision: str) -> str:
    """What this task's device computes in where a precision is asked for."""
    import torch

    from models.precision import half_of

    if precision == "int8" or half_of(precision, torch.device(device_name())):
        return precision
    return "fp32"


def device_name() -> str:
    """Device of this task: the GPU that Spark gave it, else what torch finds.

    torch counts the devices of CUDA_VISIBLE_DEVICES from 0, Spark gives their address.

    Nothing touches CUDA before the worker was forked, since it is called there alone.
    """
    import torch

    address = _task_gpu()
    if not torch.cuda.is_available():
        return "cpu"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if address is None:
        return "cuda:0"
    if visible is None:
        return f"cuda:{address}"
    names = [name.strip() for name in visible.split(",")]
    return f"cuda:{names.index(address) if address in names else 0}"


def given_device() -> str:
    """The GPU that Spark gave this task, else the CPU: for what is little work.

    Every process that touches a GPU takes half a gigabyte of it.
    """
    return "cpu" if _task_gpu() is None else device_name()


def _task_gpu() -> str | None:
    try:
        from pyspark import TaskContext
    except ImportError:
        return None
    context = TaskContext.get()
    if context is None:
        return None
    gpu = context.resources().get("gpu")
    return gpu.addresses[0] if gpu is not None and gpu.addresses else None


def set_threads(n_threads: int) -> None:
    """Let torch use so many threads in this process, no more than its task has.

    Two processes with two threads each on two cores ran up to 25 times slower than
    one alone.
    """
    import torch

    if torch.get_num_threads() != n_threads:
        torch.set_num_threads(n_threads)


def in_budget(
    lengths: np.ndarray, budget: int, work: Callable[[np.ndarray], R]
) -> Results[R]:
    """Do the work in batches of inputs of like length.

    Args:
        lengths: Tokens of each input, [n], or of each of its texts, [n, k]; a batch
            costs its size times the sum of the columns' longest.
        budget: Padded tokens of a batch; one input alone may cost more.
        work: Takes the places of a batch's inputs, gives their result. Any exception
            is an input's fault: the batch is halved until the culprit stands alone.

    Returns:
        Results of the batches in the order they were done; every place is in one of
        them or among the failures.
    """
    results: Results[R] = Results(budget=max(1, budget))
    if not len(lengths):
        return results
    table = np.asarray(lengths, dtype=np.int64).reshape(len(lengths), -1)
    order = np.lexsort(table.T[::-1])
    start = 0
    while start < len(order):
        size = _fitting(table[order[start:]], results.budget)
        _attempt(order[start : start + size], table, work, results)
        start += size
    return results


def _fitting(table: np.ndarray, budget: int) -> int:
    """How many of the first inputs fit into the budget, at least one."""
    # No batch can hold more than the cheapest input allows.
    window = table[: max(1, budget // max(1, int(table[0].sum())))]
    costs = np.maximum.accumulate(window, axis=0).sum(axis=1)
    padded = costs * np.arange(1, len(window) + 1)
    return max(1, int(np.searchsorted(padded, budget, side="right")))


def _attempt(
    places: np.ndarray,
    table: np.ndarray,
    work: Callable[[np.ndarray], R],
    results: Results[R],
) -> None:
    try:
        results.batches.append((places, work(places)))
        return
    except Exception as error:  # noqa: BLE001 - one input must not stop the others
        is_memory = _is_out_of_memory(error)
        lines = str(error).splitlines() or [""]
        failure = Failure(type(error).__name__, lines[0][:500])
    # Out of the handler: the error's traceback holds the failed batch's tensors.
    if is_memory:
        cost = len(places) * int(table[places].max(axis=0).sum())
        results.budget = max(1, min(results.budget, cost) // 2)
        _empty_cache()
    if len(places) == 1:
        results.failures[int(places[0])] = failure
        return
    half = len(places) // 2
    _attempt(places[:half], table, work, results)
    _attempt(places[half:], table, work, results)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def _empty_cache() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def refuse_nan(scores: np.ndarray) -> np.ndarray:
    """The scores, all numbers.

    Raises:
        NotANumberError: One is NaN, which Spark would sort above every number.
    """
    if np.isnan(scores).any():
        raise NotANumberError("the score is no number (NaN), expected one in [0, 1]")
    return scores
