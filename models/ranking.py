"""How well questions' right candidates are ranked among all (models.md 7.3).

Ties have no order of their own: a rank is the mean of the places that the equal scores
take, and what stands among the first N counts by its chance under a random order of
equals. A perfect ranker has a mean reciprocal rank of 1; equal scores for all have no
more than chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

AT = (1, 5)


class NoScoreError(ValueError):
    """A model gives no number."""


@dataclass(frozen=True)
class Ranks:
    """What became of each question; all questions have a right candidate.

    Attributes:
        reciprocal: 1 / rank of the best right candidate, [n].
        recall: Share of the right ones among the first N, [n, len(AT)] (Eq. 15).
        hit: Chance that any right one is among them, [n, len(AT)].
    """

    reciprocal: np.ndarray
    recall: np.ndarray
    hit: np.ndarray

    def __len__(self) -> int:
        return len(self.reciprocal)

    def measures(self) -> dict[str, float]:
        """Means over the questions: mrr, recall and hit at each N of `AT`."""
        if not len(self):
            return {}
        at = [*enumerate(AT)]
        return {
            "mrr": float(self.reciprocal.mean()),
            **{f"recall_at_{n}": float(self.recall[:, k].mean()) for k, n in at},
            **{f"hit_at_{n}": float(self.hit[:, k].mean()) for k, n in at},
        }


def ranks(scores: np.ndarray, right: Sequence[Sequence[int]]) -> Ranks:
    """Rank candidates by score, the highest first.

    Args:
        scores: [n, m], of n questions and m candidates.
        right: Places of each question's right candidates, at least one each.

    Raises:
        NoScoreError: A score is no number, which has no place among others.
    """
    if np.isnan(scores).any():
        raise NoScoreError(f"{int(np.isnan(scores).sum())} scores are no numbers")
    found = [_of_one(row, list(own)) for row, own in zip(scores, right, strict=True)]
    return Ranks(
        reciprocal=np.array([one[0] for one in found]),
        recall=np.array([one[1] for one in found]).reshape(-1, len(AT)),
        hit=np.array([one[2] for one in found]).reshape(-1, len(AT)),
    )


def joined(parts: Sequence[Ranks]) -> Ranks:
    """Those of several blocks of questions, one behind the other."""
    return Ranks(
        reciprocal=np.concatenate([one.reciprocal for one in parts]),
        recall=np.concatenate([one.recall for one in parts]),
        hit=np.concatenate([one.hit for one in parts]),
    )


def _of_one(
    scores: np.ndarray, right: list[int]
) -> tuple[float, list[float], list[float]]:
    own = scores[right]
    n_better = (scores[:, None] > own).sum(axis=0)
    n_equal = (scores[:, None] == own).sum(axis=0)
    first = int(n_better.min())
    is_first = n_better == first
    of_first = int(n_equal[is_first][0])
    rank = first + (of_first + 1) / 2
    recall, hit = [], []
    for n in AT:
        chances = np.clip((n - n_better) / n_equal, 0, 1)
        recall.append(float(chances.mean()))
        hit.append(_chance(n - first, of_first, int(is_first.sum())))
    return 1 / rank, recall, hit


def _chance(n_free: int, n_equal: int, n_right: int) -> float:
    """That one of n_right among n_equal equals takes one of the free places.

    >>> _chance(1, 4, 1), _chance(0, 4, 1), _chance(9, 4, 1)
    (0.25, 0.0, 1.0)
    """
    if n_free <= 0:
        return 0.0
    if n_free >= n_equal:
        return 1.0
    return 1 - comb(n_equal - n_right, n_free) / comb(n_equal, n_free)


def best_first(scores: np.ndarray, k: int) -> np.ndarray:
    """Places of the k highest scores of each row, best first, [n, min(k, m)].

    Of equal scores the smaller place comes first, at the border as well.
    """
    n_kept = min(k, scores.shape[1])
    if n_kept == 0:
        return np.empty((len(scores), 0), dtype=np.int64)
    if n_kept < scores.shape[1]:
        # All that may be among the first: no lower than the k-th, ties with it too.
        lowest = -np.partition(-scores, n_kept - 1, axis=1)[:, n_kept - 1]
        rows = [
            _ordered(row, np.flatnonzero(row >= border))[:n_kept]
            for row, border in zip(scores, lowest, strict=True)
        ]
        return np.array(rows, dtype=np.int64)
    return np.argsort(-scores, axis=1, kind="stable")


def _ordered(scores: np.ndarray, places: np.ndarray) -> np.ndarray:
    found: np.ndarray = places[np.argsort(-scores[places], kind="stable")]
    return found
