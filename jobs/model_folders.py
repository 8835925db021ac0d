"""The model folders that stages score with."""

from pathlib import Path

from jobs.config import JobSettings
from models.checkpoint import Card, read_card


class NoModelError(RuntimeError):
    """A stage's model is not there."""


def answer_model(settings: JobSettings) -> Card:
    """The card of `<models>/answers`, verified against its fingerprint.

    Raises:
        NoModelError: There is none; says with what command it is made.
        models.checkpoint.ModelError: It is damaged.
    """
    folder = f"{settings.models_folder.rstrip('/')}/answers"
    if not Path(folder).is_dir():
        raise NoModelError(
            f"{folder}: no model yet; run enrich nightly --until pair_reviews, then"
            f" enrich train answers --labelled FILE --format jsonl"
            f" --set lake={settings.lake} --out {folder}"
        )
    return read_card(folder)


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
