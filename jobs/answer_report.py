"""Tables and plots of a comparison of answer models."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import precision_recall_curve

from jobs.config import CompareAnswers
from jobs.paired import (
    Predictions,
    Weigh,
    differences,
    predictions_of,
    table_of_differences,
)
from jobs.report import Row, having, plot, spread, table, varied
from models.answers import PAPER, REFERENCES
from models.metrics import (
    Ranking,
    expected_calibration_error,
    precision_recall_f1,
    reliability,
)

# Chen et al. 2019, their own data (models.md 2.9): precision, recall, F.
PUBLISHED: Mapping[str, tuple[float, float, float]] = {
    "qrem": (0.1838, 0.1667, 0.1748),
    "qa-net-qa": (0.3525, 0.5733, 0.4365),
    "qa-net-qr": (0.4158, 0.5267, 0.4647),
    "qa-net-mtl": (0.4000, 0.5067, 0.4471),
    "cqa-hard": (0.4103, 0.2133, 0.2807),
    "nlp-soft": (0.4343, 0.2867, 0.3454),
    "qar-net-qr": (0.4247, 0.5267, 0.4702),
    "qar-net": (0.5385, 0.6067, 0.5705),
}
_ABLATION: Sequence[tuple[str, Mapping[str, float], tuple[float, float, float]]] = (
    ("no regularisation", {"mu": 0.0, "eta": 0.0}, (0.4118, 0.4200, 0.4158)),
    ("R2 only", {"mu": 0.0}, (0.4690, 0.4533, 0.4610)),
    ("R1 only", {"eta": 0.0}, (0.4938, 0.5267, 0.5097)),
    ("R1 + R2", {}, (0.5385, 0.6067, 0.5705)),
)
_STUDIES: Mapping[str, tuple[str, str]] = {
    "pretraining": ("pretrain_epochs", "epochs of pre-training"),
    "k": ("attention_size", "k, hidden units of the self-attention"),
    "mu": ("mu", "mu, weight of R1"),
    "eta": ("eta", "eta, weight of R2"),
}
_OWN = "late-qar"
_MEASURES = ("precision", "recall", "f1", "average_precision")


def write(
    rows: Sequence[Row], speeds: Sequence[Row], settings: CompareAnswers, out: str
) -> None:
    """Write report.md, results.json and the plots, as PNG and SVG, into a folder."""
    place = Path(out)
    lines = ["# Comparison of the answer models", ""]
    all_differences: list[dict[str, Any]] = []
    for name in settings.sets:
        found = having(rows, study="methods", set_name=name)
        if found:
            of_set = _differences(name, found, place, settings.n_resamples)
            all_differences += of_set
            lines += [*_methods(name, found), *_bootstrap(of_set)]
            lines += _curves(name, found, place)
    ablation = having(rows, study="regularisers")
    if ablation:
        lines += _regularisers(settings.study_set, ablation)
    for study, (setting, label) in _STUDIES.items():
        found = having(rows, study=study)
        if found:
            lines += _varied(study, setting, label, found, settings.study_set, place)
    compared = having(rows, study="methods", set_name=settings.speed_set)
    measured = {row["method"] for row in compared}
    timed = [row for row in speeds if row["method"] in measured]
    if timed:
        lines += _speeds(timed, compared, settings.speed_set, place)
    (place / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    content = {
        "runs": list(rows),
        "differences": all_differences,
        "speeds": list(speeds),
    }
    (place / "results.json").write_text(json.dumps(content, indent=1) + "\n")


def _methods(name: str, rows: Sequence[Row]) -> list[str]:
    first = rows[0]
    seeds = sorted({row["seed"] for row in rows})
    base = float(np.mean([row["base_rate"] for row in rows]))
    yes = precision_recall_f1(1000, round(1000 / base) - 1000, 0)
    body: list[Sequence[Any]] = [
        ["always yes", "", f"{base:.3f}", "1.000", f"{yes[2]:.3f}", f"{base:.3f}"]
        + [""] * 4,
        ["always no", "", "0", "0", "0", f"{base:.3f}"] + [""] * 4,
    ]
    for method in dict.fromkeys([*PAPER, *REFERENCES, _OWN]):
        found = having(rows, method=method)
        if not found:
            continue
        published = PUBLISHED.get(method)
        body.append(
            [
                method,
                len(found),
                *(spread([row[measure] for row in found]) for measure in _MEASURES),
                spread([row["f1_at_half"] for row in found]),
                spread([row["expected_calibration_error"] for row in found]),
                f"{np.mean([row['n_right'] for row in found]):.0f} /"
                f" {np.mean([row['n_predicted'] for row in found]):.0f}",
                " / ".join(f"{value:.3f}" for value in published) if published else "",
            ]
        )
    n_mean = [
        float(np.mean([row[key] for row in rows]))
        for key in ("n_training_pairs", "n_training_positive", "n", "n_positive")
    ]
    return [
        f"## {name}",
        "",
        f"Positive: {first['label_rule']}. Seeds {seeds}; on average"
        f" {n_mean[0]:,.0f} pairs ({n_mean[1]:,.0f} positive) to train on,"
        f" {n_mean[2]:,.0f} ({n_mean[3]:,.0f} positive) to measure on."
        " Published: precision / recall / F on the paper's own data.",
        "",
        *table(
            [
                "method",
                "runs",
                "precision",
                "recall",
                "F1",
                "average precision",
                "F1 at 0.5, uncalibrated",
                "ECE",
                "right / predicted",
                "published",
            ],
            body,
        ),
    ]


def _differences(
    name: str, rows: Sequence[Row], place: Path, n_resamples: int
) -> list[dict[str, Any]]:
    """Average precision of the own model less each other's."""
    found = differences(
        rows,
        _OWN,
        place,
        _average_precision,
        groups="questions",
        n_resamples=n_resamples,
    )
    return [{"set": name, **row} for row in found]


def _average_precision(one: Predictions) -> Weigh:
    return Ranking(one["labels"], one["scores"]).average_precision


def _bootstrap(found: Sequence[Row]) -> list[str]:
    if not found:
        return []
    return [
        f"Average precision of {_OWN} less that of the others, paired bootstrap over"
        " questions:",
        "",
        *table_of_differences(found),
    ]


def _curves(name: str, rows: Sequence[Row], place: Path) -> list[str]:
    """Precision-recall and reliability of all seeds' predictions together."""
    pooled = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        parts = [predictions_of(row, place) for row in having(rows, method=method)]
        pooled[method] = tuple(
            np.concatenate([part[key] for part in parts])
            for key in ("labels", "scores")
        )

    def curves(axes: Axes) -> None:
        for method, (labels, scores) in pooled.items():
            precision, recall, _ = precision_recall_curve(labels, scores)
            axes.plot(recall, precision, label=method, **_style(method))
        axes.set(xlabel="recall", ylabel="precision", title=name, ylim=(0, 1))
        axes.legend(fontsize=6)

    def reliabilities(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for method, (labels, scores) in pooled.items():
            bins = reliability(labels, scores)
            error = expected_calibration_error(labels, scores)
            axes.plot(
                [one["score"] for one in bins],
                [one["positive"] for one in bins],
                label=f"{method} ({error:.3f})",
                **_style(method),
            )
        axes.set(
            xlabel="calibrated probability", ylabel="share of positives", title=name
        )
        axes.legend(fontsize=6, title="ECE", title_fontsize=6)

    return [
        plot(place, f"precision-recall-{name}", curves),
        "",
        plot(place, f"reliability-{name}", reliabilities),
        "",
    ]


def _style(method: str) -> dict[str, Any]:
    if method == _OWN:
        return {"linewidth": 2.5, "color": "black"}
    return {"linewidth": 1.2, "linestyle": "-" if method in PAPER else "--"}


def _regularisers(name: str, rows: Sequence[Row]) -> list[str]:
    body = []
    for label, changes, published in _ABLATION:
        found = [row for row in rows if row["changes"] == changes]
        if found:
            body.append(
                [
                    label,
                    len(found),
                    *(spread([row[measure] for row in found]) for measure in _MEASURES),
                    " / ".join(f"{value:.3f}" for value in published),
                ]
            )
    header = ["QAR-net", "runs", "precision", "recall", "F1", "average precision"]
    return [
        f"## Regularisers, {name}",
        "",
        *table([*header, "published"], body),
    ]


def _varied(
    study: str, setting: str, label: str, rows: Sequence[Row], name: str, place: Path
) -> list[str]:
    groups: dict[float, list[Row]] = {}
    for row in rows:
        value = row["changes"][setting]
        number = float(value[0] if isinstance(value, list | tuple) else value)
        groups.setdefault(number, []).append(row)
    return [
        f"## {label}, {name}, on validation",
        "",
        *varied(
            place,
            f"study-{study}",
            label,
            groups,
            ("f1", "average_precision"),
            title=f"QAR-net, {name}",
        ),
    ]


def _speeds(
    speeds: Sequence[Row], rows: Sequence[Row], name: str, place: Path
) -> list[str]:
    quality = {
        method: float(
            np.mean([run["average_precision"] for run in having(rows, method=method)])
        )
        for method in {row["method"] for row in speeds}
    }
    plain = having(speeds, precision="fp32")
    slowest = min(row["pairs_per_second"] for row in plain)

    def draw(axes: Axes) -> None:
        for row in plain:
            point = row["pairs_per_second"], quality[row["method"]]
            axes.scatter(*point, color="black" if row["method"] == _OWN else None)
            axes.annotate(
                row["method"],
                point,
                fontsize=6,
                xytext=(3, 3),
                textcoords="offset points",
            )
        axes.set_xscale("log")
        axes.set(xlabel="pairs/s, fp32", ylabel="average precision", title=name)

    body = [
        [
            row["method"],
            row["precision"],
            f"{quality[row['method']]:.3f}" if row["precision"] == "fp32" else "",
            f"{row['pairs_per_second']:,.0f}",
            f"{row['pairs_per_second'] / slowest:.1f}",
        ]
        for row in sorted(speeds, key=lambda row: -row["pairs_per_second"])
    ]
    device = speeds[0]["device"]
    return [
        f"## Quality against speed, {name}, blocks of 10 × 60, {device}, one thread",
        "",
        *table(
            [
                "method",
                "numbers",
                "average precision",
                "pairs/s",
                "times the slowest in fp32",
            ],
            body,
        ),
        plot(place, "quality-speed", draw),
        "",
    ]
