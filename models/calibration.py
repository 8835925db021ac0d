"""From a network's logits to probabilities and decisions, fitted on validation pairs.

Under-sampled training makes a network believe in one positive for each negative; Platt
scaling (Platt 1999), p = sigmoid(slope * logit + offset), brings its probabilities back
to the rate of the validation pairs without changing their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from models.metrics import best_threshold

# 0.5, 0.55 ... 0.95: what a user may ask for.
PRECISIONS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
_LOWEST_SLOPE = 1e-3


@dataclass(frozen=True)
class Decision:
    """How a model's logits become probabilities, and those yes or no.

    Attributes:
        threshold: Lowest probability that counts as yes; of the best F1.
        slope: Of Platt's scaling, above 0.
        offset: Of Platt's scaling.
        at_precision: Wanted precision to the lowest threshold that reached it on
            validation; precisions that none reached are missing.
    """

    threshold: float
    slope: float = 1.0
    offset: float = 0.0
    at_precision: Mapping[str, float] = field(default_factory=dict)

    def scores(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, float32 [n]."""
        scaled = self.slope * logits.astype(np.float64) + self.offset
        return np.asarray(1 / (1 + np.exp(-scaled)), dtype=np.float32)

    def config(self) -> dict[str, Any]:
        """For config.json."""
        return {
            "threshold": self.threshold,
            "calibration": [self.slope, self.offset],
            "at_precision": dict(self.at_precision),
        }


def decide(
    labels: np.ndarray, logits: np.ndarray, *, n_positive: int | None = None
) -> Decision:
    """Fit everything on validation pairs.

    Args:
        labels: 0 or 1, both present, [n].
        logits: Of the network, [n].
        n_positive: Positives in all, where some have no logit; None: those of labels.
    """
    fitted = LogisticRegression(C=np.inf).fit(logits[:, None], labels)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope < _LOWEST_SLOPE:  # worse than chance: leave it as it is
        slope, offset = 1.0, 0.0
    scores = Decision(0.5, slope, offset).scores(logits)
    return Decision(
        threshold=best_threshold(labels, scores, n_positive=n_positive),
        slope=slope,
        offset=offset,
        at_precision=thresholds_at(labels, scores),
    )


def thresholds_at(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Each of `PRECISIONS` that was reached, to the lowest threshold that reached it.

    Args:
        labels: 0 or 1, [n].
        scores: The higher the surer, [n].
    """
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(labels[order] == 1)
    precision = right / np.arange(1, len(order) + 1)
    # A threshold takes in all pairs of its score.
    is_last = np.append(scores[order][1:] != scores[order][:-1], True)
    found = {}
    for wanted in PRECISIONS:
        places = np.flatnonzero((precision >= wanted) & is_last)
        if len(places):
            lowest, *below = scores[order][places[-1] :][:2].tolist()
            # Half way, as `best_threshold`: a scorer's last bits are its own.
            found[f"{wanted:g}"] = (lowest + below[0]) / 2 if below else lowest
    return found
