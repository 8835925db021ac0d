"""Train a model that finds the value of an attribute in a product's text.

Reads   labelled files, or attribute_labels
Writes  a model folder
"""

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from jobs import config, session
from jobs.attribute_decisions import attribute_thresholds, decision_on, outcomes_of
from jobs.attribute_measures import Measured, measured
from jobs.config import SettingsError, TrainAttributes
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.progress import epochs, say
from jobs.sources.attribute_labels import read_attribute_labels
from jobs.sources.labelled_attributes import FORMATS, read, split
from jobs.sources.sets import having
from jobs.sources.values import LabelledValue
from models import checkpoint
from models.attributes import METHODS, WITHOUT_ENCODER, train
from models.attributes.examples import Asked, Examples, Recipe
from models.attributes.seen import seen_values
from models.encoder import EncoderError, packaged
from models.training import NotTrainableError, use_threads

_TOKEN_BUDGET = 8192


def run(
    settings: TrainAttributes, labelled: Sequence[LabelledValue], out: str
) -> checkpoint.Card:
    """Train, choose a threshold, measure on the products kept apart, write the folder.

    Raises:
        models.training.NotTrainableError: There are too few labelled values.
    """
    started = time.monotonic()
    use_threads(settings.threads)
    validation, test, rest = split(
        labelled,
        shares=(settings.validation_share, settings.test_share),
        seed=settings.seed,
        by=settings.split_by,
    )
    # A value that the text spells otherwise can't be shown to a model.
    usable = [row for row in rest if row.spans or not row.values]
    say(
        settings.section,
        f"{settings.method}: {len(usable):,} labelled values to train on"
        f" ({sum(not row.values for row in usable):,} none,"
        f" {len(rest) - len(usable):,} not in their text left out),"
        f" {len(validation):,} to choose by, {len(test):,} kept apart",
    )
    trained = train(
        settings.method,
        Examples(asked_of(usable), asked_of(validation)),
        recipe_of(settings),
        epochs(settings.section),
    )
    outcomes = outcomes_of(trained, validation)
    decision = decision_on(outcomes)
    thresholds = attribute_thresholds(
        outcomes, decision, min_values=settings.min_threshold_values
    )
    card = checkpoint.save(
        out,
        name=settings.method,
        config={
            "sizes": dict(trained.config),
            **decision.config(),
            "attribute_thresholds": thresholds,
        },
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={
            "history": list(trained.history),
            "settings": settings.model_dump(mode="json", exclude={"models"}),
            "n_training": len(usable),
            "seconds": round(time.monotonic() - started, 1),
        },
        extra={"seen_values.npy": seen_values(_known(usable))},
    )
    if test:
        found = measured(card.folder, test, token_budget=_TOKEN_BUDGET)
        _tell(settings, found)
        checkpoint.add_metrics(card.folder, {"test": found})
    say(settings.section, f"{out}: {card.name} {card.fingerprint}")
    return card


def asked_of(rows: Sequence[LabelledValue]) -> Asked:
    """Labelled values as a method takes them: the first place, all right values."""
    return Asked(
        contexts=[row.context for row in rows],
        attributes=[row.attribute for row in rows],
        spans=[row.spans[0] if row.spans else None for row in rows],
        products=[row.product_id for row in rows],
        accepted=[row.values for row in rows],
    )


def recipe_of(settings: TrainAttributes) -> Recipe:
    """What of the settings changes a training's result."""
    names = [field.name for field in dataclasses.fields(Recipe)]
    values = {name: getattr(settings, name) for name in names}
    if settings.mlm_heads is None and settings.models is not None:
        values["mlm_heads"] = f"{settings.models_folder}/masked-lm-heads"
    return Recipe(**values)


def _known(rows: Sequence[LabelledValue]) -> list[tuple[str, str]]:
    return [(row.attribute, value) for row in rows for value in row.values]


def _tell(settings: TrainAttributes, found: Measured) -> None:
    names = ("precision", "recall", "f1")
    told = ", ".join(f"{name} {found[name]:.4f}" for name in names)
    say(
        settings.section,
        f"{settings.split_by}s kept apart: {told} ({found['n_values']} values of"
        f" {found['n']})",
    )


def _labelled(
    document: Mapping[str, Any],
    settings: TrainAttributes,
    files: Sequence[str],
    format_name: str | None,
    where: Sequence[str],
) -> list[LabelledValue]:
    """Of files; without any, of the lake."""
    if files:
        if format_name is None:
            known = ", ".join(FORMATS)
            raise SettingsError(f"--format: not given, expected one of {known}")
        return read(files, format_name, where=where)
    if document["lake"] is None:
        raise SettingsError(
            "--labelled: no file given, expected some, or --lake DIR of a lake with"
            " attribute_labels"
        )
    spark = session.build(config.spark_of(document))
    try:
        rows = read_attribute_labels(
            spark, str(document["lake"]), n_rows=settings.max_lake_labels
        )
    finally:
        spark.stop()  # its memory is the training's
    return having(rows, where, LabelledValue)


@click.command(name="attributes")
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
    help="Same as --set lake=DIR; without --labelled its attribute_labels are read.",
)
@click.option("--out", metavar="DIR", help="Model folder; default MODELS/attributes.")
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
    """Train the attribute model on labelled values, of files or of the lake itself.

    \b
    A model of the shop's own specifications:
      enrich nightly --until pair_reviews ..., then enrich train attributes --lake DIR

    Products are split by a hash into train, validation and test; the measures on the
    test part stand in the folder's metrics.json.
    """  # noqa: D301 - click's mark is the sign itself

    def work() -> None:
        more = [f"train_attributes.method={method}"] if method else []
        more += [f"lake={lake_root}"] if lake_root else []
        document = document_of(confs, [*overrides, *more], None)
        if print_config:
            click.echo(shown(document))
            return
        settings = config.settings_of(TrainAttributes, document)
        folder = out or f"{settings.models_folder}/attributes"
        try:
            checkpoint.check_place(folder)
            if settings.method not in WITHOUT_ENCODER and settings.encoder is None:
                packaged()  # before the files are read
            rows = _labelled(document, settings, labelled, format_name, where)
            run(settings, rows, folder)
        except (NotTrainableError, EncoderError, checkpoint.ModelError) as error:
            raise SettingsError(str(error)) from error

    sys.exit(attempt(work))


if __name__ == "__main__":
    command()
