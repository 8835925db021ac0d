"""Calibration and thresholds of an attribute model, from the validation products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.sources.values import LabelledValue
from models.attributes.examples import Trained
from models.attributes.extractor import NetworkExtractor
from models.calibration import Decision, decide, thresholds_at
from models.extraction import normalised, outcome
from models.metrics import best_threshold
from models.training import NotTrainableError
from udfs.attributes import extract_values

_TOKEN_BUDGET = 8192


@dataclass(frozen=True)
class Outcomes:
    """What a network finds in labelled rows, row by row.

    Attributes:
        rows: The labelled rows.
        logits: Of the best value; -inf where there is none, [n].
        labels: Whether that value is right, [n].
    """

    rows: Sequence[LabelledValue]
    logits: np.ndarray
    labels: np.ndarray


def outcomes_of(trained: Trained, rows: Sequence[LabelledValue]) -> Outcomes:
    """What a network that was just trained finds."""
    found, _ = extract_values(
        NetworkExtractor.uncalibrated(trained.network),
        [row.context for row in rows],
        [row.attribute for row in rows],
        token_budget=_TOKEN_BUDGET,
    )
    labels = [
        outcome(row.values, one.value(row.context)).right
        for row, one in zip(rows, found, strict=True)
    ]
    return Outcomes(rows, np.array([one.logit for one in found]), np.array(labels))


def decision_on(outcomes: Outcomes) -> Decision:
    """The probability that a found value is right, and the threshold for all.

    Raises:
        NotTrainableError: All values found are right, or all are wrong.
    """
    labels, there = outcomes.labels, np.isfinite(outcomes.logits)
    if len(set(labels[there])) < 2:
        raise NotTrainableError(
            f"{len(labels)} validation examples: all values found are"
            f" {'right' if labels.any() else 'wrong'}, expected some of both: give more"
            " labelled products"
        )
    n_values = sum(bool(row.values) for row in outcomes.rows)
    return decide(labels[there], outcomes.logits[there], n_positive=n_values)


def attribute_thresholds(
    outcomes: Outcomes, decision: Decision, *, min_values: int
) -> dict[str, dict[str, Any]]:
    """Thresholds of the attributes with enough values, for config.json.

    They cut the same calibrated score as the threshold for all.

    Args:
        outcomes: On validation.
        decision: On the same.
        min_values: Labelled values; an attribute of fewer has no thresholds.

    Returns:
        Attribute, in lower case, to its `threshold`, of the best F1, and
        `at_precision`, wanted precision to the lowest threshold that reached it; those
        not reached are missing, and the threshold is None where nothing right was
        found.
    """
    places: dict[str, list[int]] = {}
    for place, row in enumerate(outcomes.rows):
        places.setdefault(normalised(row.attribute), []).append(place)
    found = {}
    for name, rows in sorted(places.items()):
        n_values = sum(bool(outcomes.rows[row].values) for row in rows)
        if n_values < min_values:
            continue
        there = [row for row in rows if np.isfinite(outcomes.logits[row])]
        labels = outcomes.labels[there]
        scores = decision.scores(outcomes.logits[there])
        found[name] = {
            "threshold": best_threshold(labels, scores, n_positive=n_values)
            if labels.any()
            else None,
            "at_precision": thresholds_at(labels, scores) if labels.any() else {},
        }
    return found
