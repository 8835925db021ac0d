"""Tables and plots of a report, looking alike whatever it is of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "catalog-enrichment"  # the same picture, the same file

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

Row = Mapping[str, Any]


def having(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """The rows with those values."""
    return [
        row for row in rows if all(row[name] == value for name, value in wanted.items())
    ]


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation; one run has none.

    >>> spread([0.5]), spread([0.5, 0.7])
    ('0.500', '0.600 ± 0.141')
    """
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Lines of a Markdown table, an empty one at the end."""
    return [
        f"| {' | '.join(header)} |",
        "|" + "---|" * len(header),
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]


def plot(place: Path, name: str, *draws: Callable[[Axes], None]) -> str:
    """Write a picture as PNG and SVG; the Markdown that shows it.

    Args:
        place: Folder.
        name: Of the files, without an ending.
        draws: One for each part of the picture, side by side.
    """
    n_parts = len(draws)
    figure, grid = plt.subplots(
        1, n_parts, figsize=(6 * n_parts, 4.5), layout="constrained", squeeze=False
    )
    for axes, draw in zip(grid[0], draws, strict=True):
        draw(axes)
    figure.savefig(place / f"{name}.png", dpi=110, metadata={"Software": None})
    figure.savefig(place / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)
    return f"![{name}]({name}.png)"
