"""Compare the passage models: the paper's tables and studies on labelled sets.

Reads   labelled files
Writes  runs, predictions and a report in a folder
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from jobs import config, passage_report
from jobs.config import ComparePassages, SettingsError, TrainPassages
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.passage_runs import Bench, key_of, run_task
from jobs.progress import say
from jobs.runs import ComparisonError, Task, check_data, do_missing
from models.passages import METHODS
from models.passages.geometry import TERMS


def tasks_of(settings: ComparePassages) -> list[Task]:
    """All runs, the first seed of everything before the second."""
    return [task for seed in settings.seeds for task in _of_seed(settings, seed)]


def _of_seed(settings: ComparePassages, seed: int) -> Iterator[Task]:
    if "methods" in settings.studies:
        for name in settings.sets:
            for method in settings.methods or METHODS:
                yield Task("methods", name, method, seed)
    of_study = partial(_varied, settings, seed)
    if "alignment" in settings.studies:
        yield of_study("alignment", {})
        for left_out in TERMS:
            kept = [term for term in TERMS if term != left_out]
            yield of_study("alignment", {"terms": kept})
        dual = settings.study_method.replace("endx-", "dual-")
        yield Task("alignment", settings.study_set, dual, seed)
    if "variants" in settings.studies:
        for changes in settings.variants.values():
            yield of_study("variants", changes)


def _varied(
    settings: ComparePassages, seed: int, study: str, changes: dict[str, Any]
) -> Task:
    return Task(study, settings.study_set, settings.study_method, seed, changes)


def run(
    settings: ComparePassages,
    training: TrainPassages,
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
        SettingsError: A variant changes what is no setting of train_passages.
    """
    for name, changes in settings.variants.items():
        unknown = sorted(set(changes) - set(TrainPassages.model_fields))
        if unknown:
            raise SettingsError(
                f"{settings.section}.variants.{name}: {unknown[0]!r}, expected a"
                " setting of train_passages"
            )
    bench = Bench(
        data=str(settings.data),
        sets=settings.sets,
        settings=training,
        min_questions=settings.min_questions,
        pair_questions=settings.pair_questions,
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
        shown=("mrr", "recall_at_1", "recall_at_5"),
    )
    passage_report.write(rows, settings, out)
    say(settings.section, f"{out}/report.md written of {len(rows)} runs")
    if failed:
        raise ComparisonError(f"{len(failed)} runs failed; first: {failed[0]}")


@click.command(name="passages")
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
        settings = config.settings_of(ComparePassages, document)
        training = config.settings_of(TrainPassages, document)
        is_studied = {"alignment", "variants"} & set(settings.studies)
        check_data(
            settings.section,
            settings.data,
            settings.sets,
            [settings.study_set] if is_studied else [],
        )
        Path(out).mkdir(parents=True, exist_ok=True)
        run(settings, training, out, trains=not is_report)

    sys.exit(attempt(work))


if __name__ == "__main__":
    compare()
