"""Measures of an attribute model on labelled values."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jobs.config import SettingsError
from jobs.model_folders import attribute_thresholds_of, threshold_of
from jobs.sources.values import LabelledValue
from models import checkpoint
from models.attributes import load
from models.attributes.seen import hashed
from models.extraction import (
    Counts,
    normalised,
    outcome,
    squad_normalised,
    total,
)
from models.metrics import best_threshold, expected_calibration_error
from udfs.attributes import extract_values
from udfs.batching import computed_in, device_name

Measured = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A labelled value and what a model found.

    Attributes:
        row: The labelled value.
        best: The surest value in the text's own spelling, however unsure; None: none.
        score: Calibrated probability of the best value, 0 where there is none.
        lowest: The threshold: lowest score of a value that counts as found.
        was_seen: Whether a right value stood with the attribute in training.
        others: Further values of the same text, of a method that finds several.
    """

    row: LabelledValue
    best: str | None
    score: float
    lowest: float
    was_seen: bool
    others: tuple[str, ...] = ()

    @property
    def found(self) -> str | None:
        """The best value; None where its score is below the threshold."""
        return self.best if self.score >= self.lowest else None

    @property
    def is_right(self) -> bool:
        """Whether the best value, whatever its score, is right."""
        return _is_right(self.row, self.best)


def _is_right(row: LabelledValue, value: str | None) -> bool:
    return bool(outcome(row.values, value).right)


def judged(
    folder: str,
    rows: Sequence[LabelledValue],
    *,
    threshold: float | None = None,
    at_precision: float | None = None,
    token_budget: int,
    precision: str = "fp32",
) -> list[Judged]:
    """What a model finds for labelled values.

    Args:
        folder: Model folder.
        rows: Labelled values.
        threshold: Lowest score of a value; None takes the model's own of its attribute,
            or else the one for all.
        at_precision: Takes the model's thresholds for that precision.
        token_budget: Padded tokens of one batch.
        precision: fp32, bf16, fp16 or int8, as `models.attributes.load` takes it.

    Raises:
        SettingsError: An example could not be read.
        ModelError: The precision is not for this model or device.
    """
    card = checkpoint.read_card(folder)
    model = load(folder, device=device_name(), precision=precision)
    of_all, of_attribute = _lowest(card, threshold, at_precision)
    seen = set(checkpoint.read_array(folder, "seen_values.npy").tolist())
    found, failures = extract_values(
        model,
        [row.context for row in rows],
        [row.attribute for row in rows],
        token_budget=token_budget,
    )
    if failures:
        place, failure = next(iter(failures.items()))
        raise SettingsError(
            f"{len(failures)} texts can't be read; example {place + 1}:"
            f" {failure.error_class}: {failure.message}"
        )
    return [
        Judged(
            row=row,
            best=one.value(row.context),
            score=0.0 if one.span is None else model.score(one.logit),
            lowest=of_attribute.get(normalised(row.attribute), of_all),
            was_seen=any(hashed(row.attribute, value) in seen for value in row.values),
            others=tuple(row.context[begin:end] for begin, end in one.others),
        )
        for row, one in zip(rows, found, strict=True)
    ]


def for_unseen(found: Sequence[Judged], chosen_by: Sequence[Judged]) -> list[Judged]:
    """The same with the threshold of the best F1 on values not seen in training.

    A threshold for all values is of the best F1 where most are known, and cuts the
    less sure ones that are new.

    Args:
        found: With any thresholds.
        chosen_by: Of the validation part.
    """
    unseen = [one for one in chosen_by if not one.was_seen]
    there = [one for one in unseen if one.score > 0]
    threshold = best_threshold(
        np.array([int(one.is_right) for one in there]),
        np.array([one.score for one in there]),
        n_positive=sum(bool(one.row.values) for one in unseen),
    )
    return [replace(one, lowest=threshold) for one in found]


def summary(found: Sequence[Judged]) -> dict[str, Any]:
    """Precision, recall, F1 and counts by models.md 7.4.

    In all, per attribute, and for the values that were and were not seen with their
    attribute in training: what is found where there is no value counts against both of
    these. Once more where any of several values of a text may be the right one. Each
    also by SQuAD's normalisation.
    """
    scored = [one for one in found if one.score > 0]
    attributes = dict.fromkeys(one.row.attribute for one in found)
    return {
        **_measures(found),
        "expected_calibration_error": expected_calibration_error(
            np.array([int(one.is_right) for one in scored]),
            np.array([one.score for one in scored]),
        )
        if scored
        else 0.0,
        "seen": _measures([one for one in found if one.was_seen or not one.row.values]),
        "unseen": _measures([one for one in found if not one.was_seen]),
        "any_span": _measures([_with_any(one) for one in found]),
        "attributes": {
            name: _measures([one for one in found if one.row.attribute == name])
            for name in attributes
        },
    }


def _with_any(one: Judged) -> Judged:
    """With a right one of several values, if there is one, in place of the first."""
    right = [other for other in one.others if _is_right(one.row, other)]
    return replace(one, best=right[0]) if right and not one.is_right else one


def _measures(found: Sequence[Judged]) -> dict[str, Any]:
    of_squad = _of_counts(counts_of(found, squad_normalised))
    return {**_of_counts(counts_of(found)), "squad": of_squad}


def _of_counts(counts: Counts) -> dict[str, Any]:
    precision, recall, f1 = counts.measures
    return {
        "n": counts.n,
        "n_values": counts.right + counts.wrong + counts.missed,
        "n_none": counts.invented + counts.silent,
        "n_found": counts.right + counts.wrong + counts.invented,
        "n_right": counts.right,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def counts_of(
    found: Sequence[Judged], normalise: Callable[[str], str] = normalised
) -> Counts:
    """What became of labelled values."""
    return total([outcome(one.row.values, one.found, normalise) for one in found])


def measured(
    folder: str,
    rows: Sequence[LabelledValue],
    *,
    threshold: float | None = None,
    at_precision: float | None = None,
    token_budget: int,
    precision: str = "fp32",
) -> Measured:
    """`summary` of what a model finds, with its name, fingerprint and threshold."""
    card = checkpoint.read_card(folder)
    found = judged(
        folder,
        rows,
        threshold=threshold,
        at_precision=at_precision,
        token_budget=token_budget,
        precision=precision,
    )
    of_all, of_attribute = _lowest(card, threshold, at_precision)
    return {
        **summary(found),
        "threshold": of_all,
        "attribute_thresholds": {
            # None: the wanted precision was not reached; JSON has no infinity.
            name: lowest if lowest < math.inf else None
            for name, lowest in of_attribute.items()
        },
        "model_name": card.name,
        "model_fp": card.fingerprint,
        "computed_in": computed_in(precision),
    }


def _lowest(
    card: checkpoint.Card, threshold: float | None, precision: float | None
) -> tuple[float, dict[str, float]]:
    """Lowest score of a value, and that of the attributes with one of their own."""
    return (
        threshold_of(card, threshold=threshold, precision=precision),
        attribute_thresholds_of(card, threshold=threshold, precision=precision),
    )
