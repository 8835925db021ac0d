"""Runs of a comparison: each done once, in processes of its own, one line each."""

import hashlib
import json
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jobs.config import SettingsError
from jobs.progress import say


class ComparisonError(RuntimeError):
    """Some runs of a comparison failed, or there is none."""


@dataclass(frozen=True)
class Task:
    """What one run is of; pickled into its process.

    Attributes:
        study: Of the comparison's studies.
        set_name: Labelled set.
        method: Of the models of the comparison.
        seed: Of the split and of the training.
        changes: Settings of the training that differ, such as mu.
        part: Measured on `test`, or on `validation` where a study chooses by it.
    """

    study: str
    set_name: str
    method: str
    seed: int
    changes: dict[str, Any] = field(default_factory=dict)
    part: str = "test"

    @property
    def title(self) -> str:
        """Short name for the progress."""
        name = f"{self.study} {self.set_name} {self.method} seed {self.seed}"
        return f"{name} {self.changes}" if self.changes else name


def key_of_content(content: Any) -> str:
    """What a finished run is known by: a hash of all that changes its result."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def taken(
    settings: Mapping[str, Any], method: str, taken_by: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """The settings that a method takes.

    Args:
        settings: Of the training.
        method: Whose.
        taken_by: Start of a setting's name to the methods that take it; all others do
            for all.
    """
    left_out = [start for start, methods in taken_by.items() if method not in methods]
    return {
        name: one
        for name, one in settings.items()
        if not any(name.startswith(start) for start in left_out)
    }


def check_data(
    section: str, data: str | None, sets: Mapping[str, Any], named: Iterable[str]
) -> None:
    """Before any work: is there what a comparison reads?

    Args:
        section: Of its settings.
        data: Folder that the sets' files are in.
        sets: Labelled sets by name.
        named: Sets that settings name.

    Raises:
        SettingsError: One of them is missing.
    """
    if data is None or not Path(data).is_dir():
        raise SettingsError(
            f"{section}.data: {data}, expected the folder that the sets' files are in"
            f" (--set {section}.data=DIR)"
        )
    if not sets:
        noun = section.removeprefix("compare_")
        raise SettingsError(
            f"{section}.sets: none, expected a conf such as --conf"
            f" conf/experiments/{noun}.yaml"
        )
    for name in named:
        if name not in sets:
            known = ", ".join(sets)
            raise SettingsError(f"{section}: set {name!r}, expected one of {known}")


def do_missing(
    tasks: Sequence[Task],
    key_of: Callable[[Task], str],
    work: Callable[[Task], Mapping[str, Any]],
    path: Path,
    *,
    trains: bool,
    n_processes: int,
    section: str,
    shown: Sequence[str],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Do the runs that are missing, one line each.

    Args:
        tasks: Wanted, in the order they are started; those with the same key are one
            run, the first of them.
        key_of: What a finished run is known by.
        work: See `do_runs`; its line holds the `key`.
        path: JSON lines of the runs that ended.
        trains: False: only look what is there.
        n_processes: At once.
        section: Of the progress.
        shown: Numbers of a line that the progress tells.

    Returns:
        The line of each task whose run ended, with what the task is of; and a line
        for each run that failed.

    Raises:
        ComparisonError: Nothing is trained and none of the runs is there.
    """
    keys = [key_of(task) for task in tasks]
    # Of tasks with the same key the first one: the studies share their middle.
    of_key = dict(zip(reversed(keys), reversed(tasks), strict=True))
    done = {row["key"] for row in read_runs(path)}
    missing = [
        task
        for task, key in zip(tasks, keys, strict=True)
        if of_key[key] is task and key not in done
    ]
    if not trains and len(missing) == len(of_key):
        raise ComparisonError(f"{path}: none of the {len(of_key)} runs is there yet")
    n_before = len(of_key) - len(missing)
    say(section, f"{len(of_key)} runs, {n_before} of them done before")
    failed = []
    if trains:
        failed = do_runs(
            missing,
            work,
            path,
            n_processes=n_processes,
            section=section,
            shown=shown,
        )
    ended = {row["key"]: row for row in read_runs(path)}
    rows = [
        {**ended[key], **asdict(task)}
        for task, key in zip(tasks, keys, strict=True)
        if key in ended
    ]
    return rows, failed


def do_runs(
    missing: Sequence[Task],
    work: Callable[[Task], Mapping[str, Any]],
    path: Path,
    *,
    n_processes: int,
    section: str,
    shown: Sequence[str],
) -> list[str]:
    """Do runs, a line of the file each as soon as it ended; a failing one stops none.

    Args:
        missing: In the order they are started, but those of one method and seed in
            one process.
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
    todo = _Todo(missing)
    with ExitStack() as stack:
        running: dict[Future[Mapping[str, Any]], tuple[Executor, Task]] = {}

        def go_on(process: Executor) -> None:
            task = todo.next_of(process)
            if task is not None:
                running[process.submit(work, task)] = process, task

        for _ in range(min(n_processes, len(missing))):
            go_on(stack.enter_context(ProcessPoolExecutor(1, mp_context=context)))
        n_ended = 0
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                process, task = running.pop(future)
                go_on(process)
                n_ended += 1
                error = future.exception()
                if error is not None:
                    failed.append(f"{task.title}: {type(error).__name__}: {error}")
                    say(section, failed[-1])
                    continue
                row = future.result()
                _append(path, row)
                minutes = (time.monotonic() - started) / 60
                place = f"{n_ended} of {len(missing)}, {minutes:.0f} min"
                told = "".join(f" {name} {row[name]:.3f}" for name in shown)
                say(section, f"{place}: {task.title}{told}")
    return failed


class _Todo:
    """Runs that wait for a process, those of one method and seed for the same one.

    They share what a training does before it sees its set, which a process remembers
    (`models.training.once`).
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        groups: dict[tuple[str, int], deque[Task]] = {}
        for task in tasks:
            groups.setdefault((task.method, task.seed), deque()).append(task)
        self._unclaimed = deque(groups.values())
        self._of_process: dict[Executor, deque[Task]] = {}

    def next_of(self, process: Executor) -> Task | None:
        """The next run of a process: of its own group, of a new one, of another's."""
        own = self._of_process.get(process)
        if not own and self._unclaimed:
            own = self._of_process[process] = self._unclaimed.popleft()
        if own:
            return own.popleft()
        longest = max(self._of_process.values(), key=len, default=None)
        return longest.pop() if longest else None


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
