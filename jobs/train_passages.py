"""Train a model that finds the passage that answers a question.

Reads   labelled files, or questions and community_answers
Writes  a model folder
"""

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import click

from jobs import config, session
from jobs.config import SettingsError, TrainPassages
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.passage_measures import Measured, calibrated, measured
from jobs.progress import epochs, say
from jobs.sources.community_answers import read_community_answers
from jobs.sources.labelled_passages import FORMATS, labels_of, reading, split
from jobs.sources.passages import AskedQuestion, matches_of, pool_of
from jobs.sources.sets import having
from models import checkpoint
from models.encoder import EncoderError, packaged
from models.passages import METHODS, PAIRWISE, WITH_PACKAGED, WITHOUT_ENCODER, train
from models.passages.examples import Examples, Recipe
from models.passages.model import PassageModel
from models.training import NotTrainableError, use_threads


def run(
    settings: TrainPassages,
    asked: Sequence[AskedQuestion],
    out: str,
    *,
    source: Mapping[str, Any] | None = None,
) -> checkpoint.Card:
    """Train, measure on the groups kept apart, write the folder.

    Args:
        settings: Of the training.
        asked: Labelled questions.
        out: Model folder.
        source: Where they are from, to keep with the measures.

    Raises:
        models.checkpoint.ModelError: `out` is something else than a model folder.
        models.training.NotTrainableError: There are too few questions.
    """
    started = time.monotonic()
    checkpoint.check_place(out)
    use_threads(settings.threads)
    validation, test, rest = split(
        asked,
        shares=(settings.validation_share, settings.test_share),
        seed=settings.seed,
    )
    n_validation = settings.max_validation
    if settings.method in PAIRWISE:
        n_validation = min(n_validation, settings.max_pair_questions)
        test = drawn(test, settings.max_pair_questions, settings.seed)
    examples = Examples(
        matches_of(drawn(rest, settings.max_questions, settings.seed)),
        pool_of(drawn(validation, n_validation, settings.seed), settings.pool),
    )
    say(
        settings.section,
        f"{settings.method}: {len(examples.training):,} matches to train on,"
        f" {len(examples.validation):,} questions among"
        f" {len(examples.validation.candidates):,} passages to choose by,"
        f" {len(test):,} questions kept apart",
    )
    trained = train(
        settings.method, examples, recipe_of(settings), epochs(settings.section)
    )
    model = PassageModel.untrained(settings.method, trained.network)
    decision = calibrated(model, examples.validation)
    card = checkpoint.save(
        out,
        name=settings.method,
        config={"sizes": dict(trained.config), **decision.config()},
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={
            "history": list(trained.history),
            "settings": _kept(settings),
            "source": dict(source or {}),
            "n_training": len(examples.training),
            "seconds": round(time.monotonic() - started, 1),
        },
    )
    if test:
        found = measured(card.folder, test, pool=settings.pool)
        _tell(settings, found)
        checkpoint.add_metrics(card.folder, {"test": found})
    say(settings.section, f"{out}: {card.name} {card.fingerprint}")
    return card


def _kept(settings: TrainPassages) -> dict[str, Any]:
    """The settings that were used."""
    found = settings.model_dump(mode="json", exclude={"models"})
    if settings.method in WITH_PACKAGED:
        found["encoder"] = None
    return found


def drawn(rows: list[AskedQuestion], n_most: int, seed: int) -> list[AskedQuestion]:
    """At most so many questions, in the order of a hash: the first are a draw too."""
    return sorted(
        rows,
        key=lambda row: sha256(
            f"{seed}\x1f{row.group}\x1f{row.question}".encode()
        ).digest(),
    )[:n_most]


def recipe_of(settings: TrainPassages) -> Recipe:
    """What of the settings changes a training's result."""
    names = [field.name for field in dataclasses.fields(Recipe)]
    return Recipe(**{name: getattr(settings, name) for name in names})


def _tell(settings: TrainPassages, found: Measured) -> None:
    names = ("mrr", "recall_at_1", "recall_at_5")
    told = ", ".join(f"{name} {found[name]:.4f}" for name in names)
    say(
        settings.section,
        f"kept apart: {told} ({found['n_questions']:,} questions among"
        f" {found['n_candidates']:,} passages; {found['n_without_wrong']:,} have no"
        " wrong one)",
    )


def _asked(
    document: Mapping[str, Any],
    files: Sequence[str],
    format_name: str | None,
    where: Sequence[str],
) -> tuple[list[AskedQuestion], dict[str, Any]]:
    """Of files; without any, of the lake. With where they are from."""
    if files:
        if format_name is None:
            known = ", ".join(FORMATS)
            raise SettingsError(f"--format: not given, expected one of {known}")
        found = reading(files, format_name, where=where)
        say(TrainPassages.section, found.told())
        return found.rows, {**labels_of(files, format_name, where), **found.counts()}
    if document["lake"] is None:
        raise SettingsError(
            "--labelled: no file given, expected some, or --lake DIR of a lake with"
            " questions and community_answers"
        )
    spark = session.build(config.spark_of(document))
    try:
        rows = read_community_answers(spark, str(document["lake"]))
    finally:
        spark.stop()  # its memory is the training's
    kept = having(rows, where, AskedQuestion)
    source = {"lake": str(document["lake"]), "where": list(where), "n_read": len(rows)}
    return kept, source


@click.command(name="passages")
@click.option("--method", type=click.Choice([*METHODS]), help="Default: conf's.")
@click.option("--labelled", multiple=True, metavar="FILE", help="May be repeated.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*FORMATS]),
    help="Of the labelled files.",
)
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Keep a part.")
@click.option(
    "--lake",
    "lake_root",
    metavar="DIR",
    help="Same as --set lake=DIR; without --labelled its community answers are read.",
)
@click.option("--out", metavar="DIR", help="Model folder; default MODELS/passages.")
@CONF
@SET
@PRINT_CONFIG
def command(
    method: str | None,
    labelled: tuple[str, ...],
    format_name: str | None,
    where: tuple[str, ...],
    lake_root: str | None,
    out: str | None,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
    print_config: bool,
) -> None:
    """Train the passage model on questions with passages, of files or of the lake.

    \b
    A model of the shop's own questions and community answers:
      enrich nightly --until pair_reviews ..., then enrich train passages --lake DIR

    Groups (paragraphs, pages, products) are split by a hash into train, validation and
    test; the measures on the test part stand in the folder's metrics.json.
    """  # noqa: D301 - click's mark is the sign itself

    def work() -> None:
        more = [f"train_passages.method={method}"] if method else []
        more += [f"lake={lake_root}"] if lake_root else []
        document = document_of(confs, [*overrides, *more], None)
        if print_config:
            click.echo(shown(document))
            return
        settings = config.settings_of(TrainPassages, document)
        folder = out or f"{settings.models_folder}/passages"
        try:
            checkpoint.check_place(folder)  # before the files are read
            is_packaged = settings.encoder is None or settings.method in WITH_PACKAGED
            if is_packaged and settings.method not in WITHOUT_ENCODER:
                packaged()
            rows, source = _asked(document, labelled, format_name, where)
            run(settings, rows, folder, source=source)
        except (NotTrainableError, EncoderError, checkpoint.ModelError) as error:
            raise SettingsError(str(error)) from error

    sys.exit(attempt(work))


if __name__ == "__main__":
    command()
