"""What a run says while it works."""

import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

from jobs.ledger import Entry

if TYPE_CHECKING:
    from models.training import Progress

_QUIET_SECONDS = 30
console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(stage: str, text: str) -> None:
    """One line of progress, with the time of day."""
    console.print(f"{time.strftime('%H:%M:%S')}  {stage:<22} {text}", markup=False)


def epochs(section: str) -> Callable[["Progress"], None]:
    """Tells a training's progress: some epochs with a metric, all without one.

    Those told are every fifth, and the first that ends half a minute after the last
    line.
    """
    told = time.monotonic()

    def tell(progress: "Progress") -> None:
        nonlocal told
        is_measured = not math.isnan(progress.metric)
        is_late = time.monotonic() - told > _QUIET_SECONDS
        if progress.epoch % 5 and is_measured and not is_late:
            return
        told = time.monotonic()
        metric = f", metric {progress.metric:.3f}" if is_measured else ""
        say(
            section,
            f"{progress.phase}: epoch {progress.epoch:.2f}, loss {progress.loss:.4f}"
            f"{metric}, {progress.seconds:.0f} s",
        )

    return tell


def summary(entries: list[Entry], seconds: float) -> None:
    """The closing table of a run, on standard output."""
    grid = Grid(title=f"{len(entries)} stages in {seconds:,.1f} s")
    grid.add_column("stage")
    for name in ("in", "written", "duplicate", "quarantined", "deleted", "cut"):
        grid.add_column(name, justify="right")
    grid.add_column("seconds", justify="right")
    grid.add_column("status")
    for entry in entries:
        outcome = entry.outcome
        counts = (
            outcome.n_in,
            outcome.n_written,
            outcome.n_duplicate,
            outcome.n_quarantined,
            outcome.n_deleted,
            outcome.n_cut,
        )
        grid.add_row(
            entry.stage,
            *(f"{count:,}" for count in counts),
            f"{entry.seconds:.1f}",
            entry.status,
        )
    width = None if sys.stdout.isatty() else 120
    Console(width=width, highlight=False).print(grid)
