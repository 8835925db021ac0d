"""Compare the attribute models: the paper's tables and studies on labelled sets.

Reads   labelled files
Writes  runs, predictions and a report in a folder
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from jobs import attribute_report, config
from jobs.attribute_report import FORGETTING
from jobs.attribute_runs import Bench, key_of, run_task
from jobs.config import CompareAttributes, TrainAttributes
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.progress import say
from jobs.published_attributes import named_attributes
from jobs.runs import ComparisonError, Task, check_data, do_missing
from models.attributes import METHODS

_MULTI_TASK = ("qa", "qa-mlm", "qa-cls", "aveqa")
# Settings that a study of their name varies.
_SETTINGS = ("batch_size", "learning_rate", "alpha", "beta")


def tasks_of(settings: CompareAttributes) -> list[Task]:
    """All runs, the first seed of everything before the second."""
    return [task for seed in settings.seeds for task in _of_seed(settings, seed)]


def _of_seed(settings: CompareAttributes, seed: int) -> Iterator[Task]:
    if "methods" in settings.studies:
        for name in settings.sets:
            for method in settings.methods or METHODS:
                yield Task("methods", name, method, seed)
    if "multi_task" in settings.studies:
        for name in settings.multi_task_sets:
            for method in _MULTI_TASK:
                yield Task("multi_task", name, method, seed)
    if "forgetting" in settings.studies:
        for method in FORGETTING:
            changes = {"is_forgetting_measured": True}
            yield Task("forgetting", settings.study_set, method, seed, changes)
    for study in _SETTINGS:
        if study in settings.studies:
            for value in getattr(settings, study):
                yield _varied(settings, str(study), value, seed)


def _varied(settings: CompareAttributes, study: str, value: float, seed: int) -> Task:
    """AVEQA with a value of the study's setting, measured on validation."""
    changes = {study: value}
    return Task(study, settings.study_set, "aveqa", seed, changes, "validation")


def run(
    settings: CompareAttributes,
    training: TrainAttributes,
    out: str,
    *,
    trains: bool = True,
) -> None:
    """Do the runs that are missing, one line of runs.jsonl each; then the report.

    Args:
        settings: What is compared.
        training: Of all runs.
        out: Folder of the runs and the report.
        trains: False: the report of the runs that are there.

    Raises:
        ComparisonError: Runs failed; those that ended are kept.
    """
    bench = Bench(
        data=str(settings.data),
        sets=settings.sets,
        settings=training.model_copy(
            update={"mlm_heads": training.mlm_heads or f"{out}/masked-lm-heads"}
        ),
        named={
            name: named_attributes(one.published) for name, one in settings.sets.items()
        },
        out=out,
        n_threads=settings.threads,
    )
    rows, failed = do_missing(
        tasks_of(settings),
        partial(key_of, bench=bench),
        partial(run_task, bench=bench),
        Path(out) / "runs.jsonl",
        trains=trains,
        n_processes=settings.processes,
        section=settings.section,
        shown=("precision", "recall", "f1"),
    )
    attribute_report.write(rows, settings, out)
    say(settings.section, f"{out}/report.md written of {len(rows)} runs")
    if failed:
        raise ComparisonError(f"{len(failed)} runs failed; first: {failed[0]}")


def _named(settings: CompareAttributes) -> Iterator[str]:
    """Sets that the studies name."""
    if "multi_task" in settings.studies:
        yield from settings.multi_task_sets
    if {"forgetting", *_SETTINGS} & set(settings.studies):
        yield settings.study_set


@click.command(name="attributes")
@click.option("--out", required=True, metavar="DIR", help="Runs and report.")
@click.option(
    "--report", "is_report", is_flag=True, help="Train nothing: report what is there."
)
@CONF
@SET
@PRINT_CONFIG
def compare(
    out: str,
    is_report: bool,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
    print_config: bool,
) -> None:
    """Every method on every labelled set, several seeds, and the paper's studies.

    Runs that ended are in OUT/runs.jsonl and are not repeated: start it again after an
    interruption. OUT/report.md, results.json and plots are written anew each time.
    """

    def work() -> None:
        document = document_of(confs, overrides, None)
        if print_config:
            click.echo(shown(document))
            return
        settings = config.settings_of(CompareAttributes, document)
        training = config.settings_of(TrainAttributes, document)
        check_data(settings.section, settings.data, settings.sets, _named(settings))
        Path(out).mkdir(parents=True, exist_ok=True)
        run(settings, training, out, trains=not is_report)

    sys.exit(attempt(work))


if __name__ == "__main__":
    compare()
