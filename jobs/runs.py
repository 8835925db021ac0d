"""Runs of a comparison: each done once, in processes of its own, one line each."""

import json
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol, TypeVar

from jobs.progress import say


class Run(Protocol):
    """What one run is of; pickled into its process."""

    @property
    def title(self) -> str:
        """Short name for the progress."""


R = TypeVar("R", bound=Run)


def do_runs(
    missing: Sequence[R],
    work: Callable[[R], Mapping[str, Any]],
    path: Path,
    *,
    n_processes: int,
    section: str,
    shown: Sequence[str],
) -> list[str]:
    """Do runs, a line of the file each as soon as it ended; a failing one stops none.

    Args:
        missing: In the order they are started.
        work: Does one and gives its line, as JSON takes it; a function of a module, or
            a partial of one.
        path: JSON lines of the runs that ended.
        n_processes: At once.
        section: Of the progress.
        shown: Numbers of a line that the progress tells.

    Returns:
        A line for each run that failed.
    """
    started, failed = time.monotonic(), []
    # Spawned: a forked process would share torch's threads, one of which is held.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        futures = {pool.submit(work, one): one for one in missing}
        for place, future in enumerate(as_completed(futures), start=1):
            title = futures[future].title
            error = future.exception()
            if error is not None:
                failed.append(f"{title}: {type(error).__name__}: {error}")
                say(section, failed[-1])
                continue
            row = future.result()
            _append(path, row)
            minutes = (time.monotonic() - started) / 60
            told = "".join(f" {name} {row[name]:.3f}" for name in shown)
            say(section, f"{place} of {len(missing)}, {minutes:.0f} min: {title}{told}")
    return failed


def read_runs(path: Path) -> list[dict[str, Any]]:
    """The runs that ended; a line that was cut by a kill is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def _append(path: Path, row: Mapping[str, Any]) -> None:
    """One more line, on a line of its own after one that a kill cut."""
    with path.open("a+b") as stream:
        if stream.tell():
            stream.seek(-1, 2)
            if stream.read(1) != b"\n":
                stream.write(b"\n")
        stream.write(json.dumps(row).encode() + b"\n")
