"""Questions that share an answer, as the models of a comparison see them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from jobs.paired import predictions_of
from jobs.report import Row, having, plot, table

_SEEN_BY: Mapping[str, str] = {
    "taught": "teacher",
    "questions": "ENDX",
    "plain": "Dual",
}


def pictures(name: str, rows: Sequence[Row], place: Path) -> list[str]:
    """As teacher, ENDX and Dual see them, of the first seed that both have.

    Args:
        name: Of the set.
        rows: Runs of the set.
        place: Folder of the comparison.

    Returns:
        Lines of Markdown; none where too few questions share an answer.
    """
    of_method = {
        method: {row["seed"]: row for row in having(rows, method=method)}
        for method in ("endx-bert", "dual-bert")
    }
    seeds = set.intersection(*(set(found) for found in of_method.values()))
    if not seeds:
        return []
    endx, dual = (
        predictions_of({"key": f"{found[min(seeds)]['key']}-shared"}, place)
        for found in of_method.values()
    )
    owner = endx["owner"]
    if len(owner) < 4 or np.bincount(owner).max() < 2:
        return []
    seen = {
        "taught": endx["taught"],
        "questions": endx["questions"],
        "plain": dual["questions"],
    }
    cosines = {key: _cosines(vectors) for key, vectors in seen.items()}
    is_own = owner[:, None] == owner[None, :]
    is_other = ~np.eye(len(owner), dtype=bool)
    body = [
        [
            _SEEN_BY[key],
            f"{one[is_own & is_other].mean():.3f}",
            f"{one[~is_own].mean():.3f}",
        ]
        for key, one in cosines.items()
    ]
    return [
        f"Cosine of questions of {len(np.unique(owner))} passages ({len(owner)}"
        " questions kept apart, the passages with most):",
        "",
        *table(["seen by", "same passage", "another passage"], body),
        plot(
            place, f"heat-{name}", *(_heat(_SEEN_BY[k], c) for k, c in cosines.items())
        ),
        "",
        plot(
            place,
            f"tsne-{name}",
            _scatter("ENDX", endx["questions"], endx["answers"], owner),
            _scatter("Dual", dual["questions"], dual["answers"], owner),
        ),
        "",
    ]


def _cosines(vectors: np.ndarray) -> np.ndarray:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found: np.ndarray = unit @ unit.T
    return found


def _heat(title: str, cosines: np.ndarray) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        axes.imshow(cosines, vmin=0, vmax=1, cmap="viridis")
        axes.set(title=title, xlabel="question", ylabel="question")

    return draw


def _scatter(
    title: str, questions: np.ndarray, answers: np.ndarray, owner: np.ndarray
) -> Callable[[Axes], None]:
    """t-SNE of questions (dots) and their passages (stars) by cosine."""
    from sklearn.manifold import TSNE

    both = np.concatenate([questions, answers])
    places = TSNE(
        metric="cosine",
        init="random",
        perplexity=min(5.0, (len(both) - 1) / 3),
        random_state=1,
    ).fit_transform(both)
    asked, said = places[: len(questions)], places[len(questions) :]

    def draw(axes: Axes) -> None:
        axes.scatter(
            asked[:, 0], asked[:, 1], c=owner, cmap="tab10", vmin=0, vmax=9, s=20
        )
        axes.scatter(
            said[:, 0],
            said[:, 1],
            c=range(len(said)),
            cmap="tab10",
            vmin=0,
            vmax=9,
            s=140,
            marker="*",
            edgecolors="black",
        )
        axes.set(title=f"{title}, t-SNE", xticks=[], yticks=[])

    return draw
