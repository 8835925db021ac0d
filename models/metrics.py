"""Binary measures of the positive class (models.md 7.1)."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve


def precision_recall_f1(
    n_true_positive: int, n_false_positive: int, n_false_negative: int
) -> tuple[float, float, float]:
    """Precision, recall and F1; a zero denominator gives 0.

    >>> precision_recall_f1(3, 1, 3)
    (0.75, 0.5, 0.6)
    """
    n_predicted = n_true_positive + n_false_positive
    n_positive = n_true_positive + n_false_negative
    precision = n_true_positive / n_predicted if n_predicted else 0.0
    recall = n_true_positive / n_positive if n_positive else 0.0
    total = precision + recall
    f1 = round(2 * precision * recall / total, 12) if total else 0.0
    return precision, recall, f1


def average_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """AP = sum of (R_i - R_{i-1}) P_i, one point a distinct score; 0 if no positive.

    Args:
        labels: 0 or 1, [n].
        scores: The higher the surer, [n].
    """
    if not np.any(labels == 1):
        return 0.0
    return float(average_precision_score(labels, scores))


class Ranking:
    """Pairs in the order of their scores: to weigh them anew costs no sorting.

    A thousand draws of a bootstrap take a twentieth of the time of as many calls of
    scikit-learn's function, of which it is the equal.
    """

    def __init__(self, labels: np.ndarray, scores: np.ndarray) -> None:
        """Take labels of 0 or 1 and scores, the higher the surer, [n]."""
        self._order = np.argsort(-scores, kind="stable")
        ranked = scores[self._order]
        # Pairs of one score are one point.
        self._ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        self._is_positive = labels[self._order] == 1

    def average_precision(self, weights: np.ndarray) -> float | None:
        """Of weighted pairs, [n]; None where no positive weighs."""
        weighed = weights[self._order].astype(np.float64)
        n_all = np.cumsum(weighed)[self._ends]
        n_right = np.cumsum(weighed * self._is_positive)[self._ends]
        if not n_right[-1]:
            return None
        precision = np.divide(
            n_right, n_all, out=np.zeros_like(n_right), where=n_all > 0
        )
        return float(np.diff(n_right, prepend=0.0) @ precision / n_right[-1])


def paired_bootstrap(
    n_groups: int,
    difference: Callable[[np.ndarray], float],
    *,
    n_resamples: int,
    seed: int = 0,
) -> tuple[float, float, float]:
    """A difference of two methods, and its 2.5 and 97.5 percentiles.

    Groups (questions, products) are drawn with replacement, for both methods alike, so
    that the draw of the groups does not count as a difference.

    Args:
        n_groups: Those to draw from.
        difference: Of a weight for each group, [n_groups]; all ones is the data.
        n_resamples: Draws.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    drawn = [
        difference(
            np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
        )
        for _ in range(n_resamples)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return difference(np.ones(n_groups)), float(low), float(high)


def measures(
    labels: np.ndarray, scores: np.ndarray, threshold: float
) -> dict[str, float | int]:
    """Counts, precision, recall, F1 at a threshold, average precision, ECE.

    A pair is predicted positive where its score is at least the threshold.
    """
    is_predicted = scores >= threshold
    is_positive = labels == 1
    n_right = int(np.sum(is_predicted & is_positive))
    n_predicted, n_positive = int(is_predicted.sum()), int(is_positive.sum())
    precision, recall, f1 = precision_recall_f1(
        n_right, n_predicted - n_right, n_positive - n_right
    )
    return {
        "n": len(labels),
        "n_positive": n_positive,
        "n_predicted": n_predicted,
        "n_right": n_right,
        "base_rate": n_positive / len(labels) if len(labels) else 0.0,
        "threshold": threshold,
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "average_precision": average_precision(labels, scores),
        "expected_calibration_error": expected_calibration_error(labels, scores),
    }


def expected_calibration_error(
    labels: np.ndarray, scores: np.ndarray, n_bins: int = 10
) -> float:
    """ECE (Naeini et al. 2015): mean distance of score and share of positives.

    Bins of equal width over [0, 1], each weighted by its pairs; 0 of no pair.
    """
    return float(
        sum(
            row["share"] * abs(row["score"] - row["positive"])
            for row in reliability(labels, scores, n_bins)
        )
    )


def reliability(
    labels: np.ndarray, scores: np.ndarray, n_bins: int = 10
) -> list[dict[str, float]]:
    """The bins of a reliability diagram that hold a pair.

    Returns:
        Of each bin: share of the pairs, mean score, share of positives.
    """
    places = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    return [
        {
            "share": float(np.mean(places == place)),
            "score": float(scores[places == place].mean()),
            "positive": float(labels[places == place].mean()),
        }
        for place in range(n_bins)
        if np.any(places == place)
    ]


def best_threshold(
    labels: np.ndarray, scores: np.ndarray, *, n_positive: int | None = None
) -> float:
    """The threshold of the best F1, the highest one of equals; 0.5 without positives.

    Half way to the next lower score, so that it does not hang on the last bits of one.

    Args:
        labels: 0 or 1, [n].
        scores: The higher the surer, [n].
        n_positive: Positives in all, where some have no score; None: those of labels.
    """
    if not np.any(labels == 1):
        return 0.5
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    if n_positive is not None:
        recall = recall * (np.sum(labels == 1) / n_positive)
    total = precision + recall
    f1 = np.divide(
        2 * precision * recall, total, out=np.zeros_like(total), where=total > 0
    )
    best = float(thresholds[np.flatnonzero(f1[:-1] == f1[:-1].max())[-1]])
    below = scores[scores < best]
    return (best + float(below.max())) / 2 if len(below) else best
