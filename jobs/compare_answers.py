"""Compare the answer models: the paper's tables and studies on labelled sets.

Reads   qa_pairs, sentences, questions; labelled sets
Writes  runs, predictions, models and a report in a folder
"""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from jobs import answer_report, config, session
from jobs.answer_runs import Bench, key_of, run_task, save_inputs
from jobs.answer_speed import timed
from jobs.config import CompareAnswers, TrainAnswers
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.progress import say
from jobs.runs import ComparisonError, Task, check_data, do_missing
from jobs.sources.labelled_answers import read
from jobs.sources.sets import normalised
from jobs.train_answers import qa_of_product, qa_pairs_of
from jobs.word_vectors import from_file, from_lake
from models.word_inputs import WordVectors


def tasks_of(settings: CompareAnswers) -> list[Task]:
    """All runs, the first seed of everything before the second."""
    return [task for seed in settings.seeds for task in _of_seed(settings, seed)]


def _of_seed(settings: CompareAnswers, seed: int) -> Iterator[Task]:
    if "methods" in settings.studies:
        for method in settings.methods:
            for name in settings.sets:
                yield Task("methods", name, method, seed)
    name = settings.study_set
    if "regularisers" in settings.studies:
        for changes in ({"mu": 0.0, "eta": 0.0}, {"mu": 0.0}, {"eta": 0.0}, {}):
            yield Task("regularisers", name, "qar-net", seed, changes)
    varied: dict[str, list[dict[str, Any]]] = {
        "pretraining": [{"pretrain_epochs": (one,)} for one in settings.pretraining],
        "k": [{"attention_size": one} for one in settings.k],
        "mu": [{"mu": one} for one in settings.mu],
        "eta": [{"eta": one} for one in settings.eta],
    }
    for study, values in varied.items():
        if study in settings.studies:
            for changes in values:
                yield Task(study, name, "qar-net", seed, changes, "validation")


def run(
    settings: CompareAnswers, training: TrainAnswers, out: str, *, trains: bool = True
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
        inputs=f"{out}/inputs",
        data=str(settings.data),
        sets=settings.sets,
        settings=training,
        out=out,
        keep_models_of=settings.speed_set,
        keep_seed=settings.seeds[0],
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
        shown=("f1", "average_precision"),
    )
    speeds = timed(bench, settings) if trains else _timed_before(out)
    answer_report.write(rows, speeds, settings, out)
    say(settings.section, f"{out}/report.md written of {len(rows)} runs")
    if failed:
        raise ComparisonError(f"{len(failed)} runs failed; first: {failed[0]}")


def _timed_before(out: str) -> list[dict[str, Any]]:
    """Speeds of the last report, which a training in progress does not disturb."""
    path = Path(out) / "results.json"
    found: list[dict[str, Any]] = []
    if path.exists():
        found = json.loads(path.read_text())["speeds"]
    return found


def _prepare(settings: CompareAnswers, training: TrainAnswers, out: str) -> None:
    """QA pairs and word vectors of the lake, once: trainings run without Spark."""
    folder = f"{out}/inputs"
    if all((Path(folder) / name).exists() for name in ("fingerprint", "product")):
        say(settings.section, f"{folder}: taken as it is; remove it to read the lake")
        return
    labelled = [
        pair
        for one in settings.sets.values()
        for pair in read(
            [str(Path(str(settings.data)) / file) for file in one.files],
            one.format,
            where=one.where,
            positive_from=one.positive_from,
        )
    ]
    spark = session.build(training.spark)
    texts = (text for pair in labelled for text in (pair.question, pair.sentence))
    words, vectors = (
        from_lake(spark, training)
        if training.vectors is None
        else from_file(spark, training, training.vectors, texts)
    )
    asked = {normalised(pair.question) for pair in labelled}
    qa = qa_pairs_of(spark, training, asked)
    of_product = qa_of_product(spark, training, asked)
    save_inputs(folder, qa, of_product, WordVectors(tuple(words), vectors))
    spark.stop()
    say(settings.section, f"{len(qa):,} QA pairs, {len(words):,} word vectors")


@click.command(name="answers")
@click.option("--out", required=True, metavar="DIR", help="Runs and report.")
@click.option("--lake", "lake_root", metavar="DIR", help="Same as --set lake=DIR.")
@click.option(
    "--report",
    "is_report",
    is_flag=True,
    help="Train nothing, time nothing: report what is there.",
)
@CONF
@SET
@PRINT_CONFIG
def compare(
    out: str,
    lake_root: str | None,
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
        more = [f"lake={lake_root}"] if lake_root else []
        document = document_of(confs, [*overrides, *more], None)
        if print_config:
            click.echo(shown(document))
            return
        settings = config.settings_of(CompareAnswers, document)
        training = config.settings_of(TrainAnswers, document)
        check_data(
            settings.section,
            settings.data,
            settings.sets,
            filter(None, (settings.study_set, settings.speed_set)),
        )
        Path(out).mkdir(parents=True, exist_ok=True)
        if not is_report:
            _prepare(settings, training, out)
        run(settings, training, out, trains=not is_report)

    sys.exit(attempt(work))


if __name__ == "__main__":
    compare()
