"""Train a model that finds the value of an attribute in a product's text.

Reads   labelled files
Writes  a model folder
"""

import dataclasses
import sys
import time
from collections.abc import Sequence

import click
import numpy as np
import torch

from jobs import config
from jobs.attribute_measures import Measured, measured
from jobs.config import SettingsError, TrainAttributes
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.progress import epochs, say
from jobs.sources.labelled_attributes import FORMATS, read, split
from jobs.sources.values import LabelledValue
from models import checkpoint
from models.attributes import METHODS, WITHOUT_ENCODER, train
from models.attributes.examples import Asked, Examples, Recipe, Trained
from models.attributes.extractor import NetworkExtractor
from models.attributes.seen import seen_values
from models.calibration import Decision, decide
from models.encoder import EncoderError, packaged
from models.extraction import outcome
from models.training import NotTrainableError
from udfs.attributes import extract_values

_TOKEN_BUDGET = 8192


def run(
    settings: TrainAttributes, labelled: Sequence[LabelledValue], out: str
) -> checkpoint.Card:
    """Train, choose a threshold, measure on the products kept apart, write the folder.

    Raises:
        models.training.NotTrainableError: There are too few labelled values.
    """
    started = time.monotonic()
    torch.set_num_threads(settings.threads)
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
    decision = decision_of(trained, validation)
    card = checkpoint.save(
        out,
        name=settings.method,
        config={"sizes": dict(trained.config), **decision.config()},
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
    """Labelled values as a method takes them: the first place of each."""
    return Asked(
        contexts=[row.context for row in rows],
        attributes=[row.attribute for row in rows],
        spans=[row.spans[0] if row.spans else None for row in rows],
        products=[row.product_id for row in rows],
    )


def recipe_of(settings: TrainAttributes) -> Recipe:
    """What of the settings changes a training's result."""
    names = [field.name for field in dataclasses.fields(Recipe)]
    return Recipe(**{name: getattr(settings, name) for name in names})


def decision_of(trained: Trained, validation: Sequence[LabelledValue]) -> Decision:
    """Calibration and thresholds: the probability that a found value is right."""
    model = NetworkExtractor.uncalibrated(trained.network)
    found, _ = extract_values(
        model,
        [row.context for row in validation],
        [row.attribute for row in validation],
        token_budget=_TOKEN_BUDGET,
    )
    logits = np.array([one.logit for one in found])
    labels = np.array(
        [
            outcome(row.values, one.value(row.context)).right
            for row, one in zip(validation, found, strict=True)
        ]
    )
    there = np.isfinite(logits)
    if len(set(labels[there])) < 2:
        raise NotTrainableError(
            f"{len(validation)} validation examples: all values found are"
            f" {'right' if labels.any() else 'wrong'}, expected some of both: give more"
            " labelled products"
        )
    n_values = sum(bool(row.values) for row in validation)
    return decide(labels[there], logits[there], n_positive=n_values)


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


@click.command(name="attributes")
@click.option("--method", type=click.Choice([*METHODS]), help="Default: conf's.")
@click.option(
    "--labelled", multiple=True, required=True, metavar="FILE", help="May be repeated."
)
@click.option("--format", "format_name", required=True, type=click.Choice([*FORMATS]))
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Keep a part.")
@click.option("--out", metavar="DIR", help="Model folder; default MODELS/attributes.")
@CONF
@SET
@PRINT_CONFIG
def command(
    method: str | None,
    labelled: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
    out: str | None,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
    print_config: bool,
) -> None:
    """Train the attribute model on labelled values; needs no Spark.

    Products are split by a hash into train, validation and test; the measures on the
    test part stand in the folder's metrics.json.
    """

    def work() -> None:
        more = [f"train_attributes.method={method}"] if method else []
        document = document_of(confs, [*overrides, *more], None)
        if print_config:
            click.echo(shown(document))
            return
        settings = config.settings_of(TrainAttributes, document)
        folder = out or f"{settings.models_folder}/attributes"
        try:
            if settings.method not in WITHOUT_ENCODER and settings.encoder is None:
                packaged()  # before the files are read
            run(settings, read(labelled, format_name, where=where), folder)
        except (NotTrainableError, EncoderError) as error:
            raise SettingsError(str(error)) from error

    sys.exit(attempt(work))


if __name__ == "__main__":
    command()
