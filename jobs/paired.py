"""Two methods on the same examples: their predictions, and how far one is ahead."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jobs.report import Row, having, table
from models.metrics import paired_bootstrap

Predictions = Mapping[str, np.ndarray]
Weigh = Callable[[np.ndarray], float | None]
Score = Callable[[Predictions], Weigh]


def keep_predictions(place: Path, key: str, **arrays: Any) -> None:
    """Write what a run predicted beside its line.

    Args:
        place: Folder of the comparison.
        key: Of the run.
        arrays: NumPy arrays with one entry an example, [n] each.
    """
    folder = place / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{key}.npz", **arrays)


def predictions_of(row: Row, place: Path) -> Predictions:
    """What `keep_predictions` wrote of a run."""
    path = place / "predictions" / f"{row['key']}.npz"
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def hashed(texts: Iterable[str]) -> np.ndarray:
    """64 bits of each text, [n]: what is one question, or product."""
    hashes = [
        int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        for text in texts
    ]
    return np.array(hashes, dtype=np.uint64)


def differences(
    rows: Sequence[Row],
    own: str,
    place: Path,
    score: Score,
    *,
    groups: str,
    n_resamples: int,
) -> list[dict[str, Any]]:
    """A score of the own method less each other's, with a 95 % interval.

    Paired bootstrap: groups are drawn with replacement, for all seeds and both methods
    alike, so that the draw of the groups does not count as a difference.

    Args:
        rows: Runs of one labelled set.
        own: The own method.
        place: Folder of the comparison.
        score: Takes predictions, once, and gives their score for a weight of each
            example; None: there is none.
        groups: Array of the predictions that says what is drawn as one.
        n_resamples: Draws.
    """

    def of_method(method: str) -> dict[int, Predictions]:
        found = having(rows, method=method)
        return {row["seed"]: predictions_of(row, place) for row in found}

    ours, result = of_method(own), []
    for method in dict.fromkeys(row["method"] for row in rows):
        others = {} if method == own else of_method(method)
        seeds = sorted(set(ours) & set(others))
        if seeds:
            mean, low, high = paired(
                [(ours[seed], others[seed]) for seed in seeds],
                score,
                groups=groups,
                n_resamples=n_resamples,
            )
            result.append(
                {
                    "method": method,
                    "seeds": seeds,
                    "difference": mean,
                    "low": low,
                    "high": high,
                }
            )
    return result


def paired(
    runs: Sequence[tuple[Predictions, Predictions]],
    score: Score,
    *,
    groups: str,
    n_resamples: int,
) -> tuple[float, float, float]:
    """Mean over the runs of the difference, and its 2.5 and 97.5 percentiles."""
    names, places = np.unique(
        np.concatenate([first[groups] for first, _ in runs]), return_inverse=True
    )
    borders = np.cumsum([len(first[groups]) for first, _ in runs])[:-1]
    of_run = np.split(places, borders)
    scored = [(score(first), score(second)) for first, second in runs]

    def difference(weights: np.ndarray) -> float:
        found = []
        for (first, second), where in zip(scored, of_run, strict=True):
            ours, other = first(weights[where]), second(weights[where])
            if ours is not None and other is not None:
                found.append(ours - other)
        return float(np.mean(found)) if found else 0.0

    return paired_bootstrap(len(names), difference, n_resamples=n_resamples)


def table_of_differences(found: Sequence[Row]) -> list[str]:
    """Lines of a Markdown table of `differences`."""
    return table(
        ["less", "seeds", "difference", "95 % interval"],
        [
            [
                row["method"],
                len(row["seeds"]),
                f"{row['difference']:+.3f}",
                f"{row['low']:+.3f} to {row['high']:+.3f}",
            ]
            for row in found
        ],
    )
