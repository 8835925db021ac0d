"""The model folders that stages score with."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.config import JobSettings
from models.answers import METHODS as ANSWER_METHODS
from models.attributes import METHODS as ATTRIBUTE_METHODS
from models.checkpoint import Card, ModelError, read_card
from models.passages import VECTOR_METHODS


class NoModelError(RuntimeError):
    """A stage's model is not there."""


# How a model's folder comes about, with its place and the lake.
_MADE_BY = {
    "passages": "enrich nightly --until pair_reviews, then enrich train passages"
    " --lake {lake} --out {folder}",
    "answers": "enrich nightly --until pair_reviews, then enrich train answers"
    " --labelled FILE --format jsonl --set lake={lake} --out {folder}",
    "attributes": "enrich nightly --until pair_reviews, then enrich train attributes"
    " --lake {lake} --out {folder}",
}


# Methods that the stages can work with.
_USABLE: Mapping[str, Sequence[str]] = {
    "answers": ANSWER_METHODS,
    "attributes": ATTRIBUTE_METHODS,
    "passages": VECTOR_METHODS,
}


def model_of(settings: JobSettings) -> Card:
    """The card of the model that a stage needs, verified against its fingerprint.

    Raises:
        NoModelError: There is none; says with what command it is made.
        models.checkpoint.ModelError: It is damaged, or of a method that the stage
            cannot work with.
    """
    if settings.model is None:
        raise ValueError(f"{settings.section}: needs no model")
    folder = f"{settings.models_folder.rstrip('/')}/{settings.model}"
    if not Path(folder).is_dir():
        how = _MADE_BY[settings.model].format(lake=settings.lake, folder=folder)
        raise NoModelError(f"{folder}: no model yet; run {how}")
    card = read_card(folder)
    usable = _USABLE[settings.model]
    if card.name not in usable:
        raise ModelError(
            f"{folder}: {settings.section} can't work with method {card.name}, expected"
            f" one of {', '.join(usable)}"
        )
    return card


def threshold_of(
    card: Card, *, threshold: float | None, precision: float | None
) -> float:
    """Lowest score that counts as yes.

    Args:
        card: Of the model.
        threshold: If it is given, it is that.
        precision: If it is given, the model's threshold for that precision.

    Raises:
        models.checkpoint.ModelError: No threshold reached it on validation.
    """
    if threshold is not None:
        return threshold
    return card.threshold if precision is None else card.threshold_at(precision)


def attribute_thresholds_of(
    card: Card, *, threshold: float | None = None, precision: float | None = None
) -> dict[str, float]:
    """Lowest scores of the attributes that have one of their own.

    For all others it is `threshold_of`.

    Args:
        card: Of the model.
        threshold: If it is given, it is that for all: none has its own.
        precision: If it is given, the thresholds for that precision.

    Returns:
        Attribute, in lower case, to its lowest score; infinity, which no score reaches,
        where nothing right or not that precision was found on validation.
    """
    if threshold is not None:
        return {}
    found = card.config.get("attribute_thresholds", {})
    lowest = {
        name: one["threshold"]
        if precision is None
        else one["at_precision"].get(f"{precision:g}")
        for name, one in found.items()
    }
    return {name: math.inf if one is None else one for name, one in lowest.items()}
