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
        *(f"| {' | '.join(map(_cell, row))} |" for row in rows),
        "",
    ]


def _cell(value: Any) -> str:
    return str(value).replace("|", r"\|")  # a|q is one cell


def varied(
    place: Path,
    name: str,
    label: str,
    groups: Mapping[float, Sequence[Row]],
    measures: Sequence[str],
    *,
    title: str,
) -> list[str]:
    """Table and plot of what was measured when one setting was varied.

    Args:
        place: Folder of the plot.
        name: Of its files.
        label: Of the setting.
        groups: Value of the setting to the measures of its runs.
        measures: Those that are shown.
        title: Of the plot.
    """
    values = sorted(groups)
    names = {measure: measure.replace("_", " ") for measure in measures}
    names |= {"f1": "F1"}

    def draw(axes: Axes) -> None:
        for measure in measures:
            found = [[row[measure] for row in groups[value]] for value in values]
            axes.errorbar(
                range(len(values)),
                [float(np.mean(one)) for one in found],
                yerr=[float(np.std(one)) for one in found],
                label=names[measure],
                marker="o",
                capsize=3,
            )
        axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        axes.set(xlabel=label, ylabel="on validation", title=title)
        axes.legend(fontsize=7)

    body = [
        [
            f"{value:g}",
            len(groups[value]),
            *(spread([row[measure] for row in groups[value]]) for measure in measures),
        ]
        for value in values
    ]
    return [
        *table([label, "runs", *(names[measure] for measure in measures)], body),
        plot(place, name, draw),
        "",
    ]


def points(
    names: Sequence[str],
    series: Mapping[str, Sequence[Sequence[float]]],
    *,
    label: str,
    title: str,
    legend: str,
) -> Callable[[Axes], None]:
    """Mean and spread of several values a name, a mark a series; from 0 to 1.

    Args:
        names: Along the axis.
        series: Label to the values of each name.
        label: Of what is measured.
        title: Of the plot.
        legend: What the series are.
    """

    def draw(axes: Axes) -> None:
        for told, found in series.items():
            axes.errorbar(
                range(len(names)),
                [float(np.mean(one)) for one in found],
                yerr=[float(np.std(one)) for one in found],
                label=told,
                marker="o",
                linestyle="",
                capsize=3,
            )
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
        axes.set(ylabel=label, title=title, ylim=(0, 1))
        axes.legend(fontsize=7, title=legend, title_fontsize=7)

    return draw


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
