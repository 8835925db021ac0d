"""Tables and plots of a comparison of attribute models."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from jobs.config import AttributeSet, CompareAttributes
from jobs.paired import (
    Predictions,
    Score,
    Weigh,
    differences,
    table_of_differences,
)
from jobs.published_attributes import (
    MULTI_TASK,
    PUBLISHED,
    SAID_OF_TASKS,
    named_attributes,
)
from jobs.report import Row, having, plot, points, spread, table, varied
from models.attributes import METHODS

# Place among the kept outcomes (`attribute_runs.run_task`).
_RIGHT, _WRONG, _INVENTED, _MISSED, _SILENT = range(5)
_PARTS: Mapping[str, str] = {
    "all": "all values",
    "seen": "values seen with their attribute in training",
    "unseen": "values not seen",
    "unseen_by_own_threshold": "values not seen, with the threshold chosen for them",
}
_OTHERWISE: Mapping[str, str] = {"squad": "F1 as SQuAD", "any_span": "F1 any span"}
_AS_PUBLISHED = " Published: precision / recall / F1 on all of AE-pub, with BERT-base."
_MEASURES = ("precision", "recall", "f1")
FORGETTING: Mapping[str, str] = {
    "qa-cls": "without the distilled masked language model (QA+CLS)",
    "aveqa": "with it (AVEQA)",
}
_STUDIES: Mapping[str, str] = {
    "batch_size": "batch size",
    "learning_rate": "learning rate of the encoder",
    "alpha": "alpha, weight of the distilled masked language model",
    "beta": "beta, weight of the no-answer classifier",
}


def write(rows: Sequence[Row], settings: CompareAttributes, out: str) -> None:
    """Write report.md, results.json and the plots, as PNG and SVG, into a folder."""
    place = Path(out)
    lines = ["# Comparison of the attribute models", ""]
    all_differences: list[dict[str, Any]] = []
    for name, chosen in settings.sets.items():
        found = having(rows, study="methods", set_name=name)
        if found:
            of_set = _differences(name, found, settings, place)
            all_differences += of_set
            lines += _methods(name, chosen, found, place)
            lines += [*_named(chosen, found), *_bootstrap(of_set, settings.own)]
    for name in settings.multi_task_sets:
        found = having(rows, study="multi_task", set_name=name)
        if found:
            lines += _multi_task(name, settings.sets[name], found)
    found = having(rows, study="forgetting")
    if found:
        lines += _forgetting(settings.study_set, found, place)
    for study, label in _STUDIES.items():
        found = having(rows, study=study)
        if found:
            lines += _varied(study, label, found, settings.study_set, place)
    (place / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    content = {"runs": list(rows), "differences": all_differences}
    (place / "results.json").write_text(json.dumps(content, indent=1) + "\n")


def _methods(
    name: str, chosen: AttributeSet, rows: Sequence[Row], place: Path
) -> list[str]:
    published = PUBLISHED.get(chosen.published or "", {}).get("", {})
    body: list[Sequence[Any]] = [["always none", "", *["0"] * 8, "", "0 / 0", "", ""]]
    for method, found in _by_method(rows):
        n_right, n_found = (_mean(found, key) for key in ("n_right", "n_found"))
        body.append(
            [
                method,
                len(found),
                *(spread([row[measure] for row in found]) for measure in _MEASURES),
                *(spread([row[by]["f1"] for row in found]) for by in _OTHERWISE),
                *(_f1_of_part(found, part) for part in _PARTS if part != "all"),
                spread([row["expected_calibration_error"] for row in found]),
                f"{n_right:.0f} / {n_found:.0f}",
                f"{_mean(found, 'seconds') / 60:.1f}",
                _three(published.get(method)),
            ]
        )
    header = ["method", "runs", "precision", "recall", "F1", *_OTHERWISE.values()]
    header += ["F1 seen", "F1 unseen", "F1 unseen, threshold for them", "ECE"]
    header += ["right / found", "minutes", "published"]
    return [
        f"## {name}",
        "",
        *_of_what(chosen, rows),
        "",
        *table(header, body),
        plot(place, f"f1-{name}", _f1_by_method(name, rows)),
        "",
    ]


def _of_what(chosen: AttributeSet, rows: Sequence[Row]) -> list[str]:
    """How the set was split, and how many rows there were."""
    held_out = ", ".join(chosen.held_out)
    split = (
        f"Held out: {held_out}; chosen by other attributes kept apart."
        if held_out
        else f"Split by {chosen.split_by}."
    )
    n, n_values, n_none = (_mean(rows, key) for key in ("n", "n_values", "n_none"))
    n_unseen = float(np.mean([row["unseen"]["n_values"] for row in rows]))
    n_training, n_training_none, n_products, n_test_products = (
        _mean(rows, f"n_{key}")
        for key in ("training", "training_none", "training_products", "test_products")
    )
    return [
        f"{split} Seeds {sorted({row['seed'] for row in rows})}; on average"
        f" {n_training:,.0f} rows of {n_products:,.0f} products"
        f" ({n_training_none:,.0f} without a value) to train on, {n:,.0f} rows of"
        f" {n_test_products:,.0f} products to measure on: {n_values:,.0f} values,"
        f" {n_unseen:,.0f} of them not seen with their attribute in training, and"
        f" {n_none:,.0f} ({n_none / n:.1%}) without a value."
        + (_AS_PUBLISHED if chosen.published else ""),
    ]


def _by_method(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    found = ((method, having(rows, method=method)) for method in METHODS)
    return [(method, of_method) for method, of_method in found if of_method]


def _mean(rows: Sequence[Row], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _f1_of_part(rows: Sequence[Row], part: str) -> str:
    """Of the runs that had such values; blank where none had."""
    found = [row[part]["f1"] for row in rows if row[part]["n_values"]]
    return spread(found) if found else ""


def _three(published: Sequence[float] | None) -> str:
    return " / ".join(f"{value:.3f}" for value in published or ())


def _f1_by_method(name: str, rows: Sequence[Row]) -> Callable[[Axes], None]:
    groups = _by_method(rows)

    def of_part(found: Sequence[Row], part: str) -> list[float]:
        return [(row if part == "all" else row[part])["f1"] for row in found]

    return points(
        [method for method, _ in groups],
        {part: [of_part(found, part) for _, found in groups] for part in _PARTS},
        label="F1",
        title=name,
        legend="values",
    )


def _named(chosen: AttributeSet, rows: Sequence[Row]) -> list[str]:
    """The attributes whose figures were published one by one."""
    body = []
    for name in named_attributes(chosen.published):
        published = PUBLISHED[str(chosen.published)][name]
        for method, of_method in _by_method(rows):
            found = [row["attributes"].get(name) for row in of_method]
            there = [one for one in found if one is not None]
            if there:
                body.append(
                    [
                        name,
                        f"{_mean(there, 'n'):.0f}",
                        f"{_mean(there, 'n_values'):.0f}",
                        method,
                        len(there),
                        *(spread([one[key] for one in there]) for key in _MEASURES),
                        _three(published.get(method)),
                    ]
                )
    if not body:
        return []
    header = ["attribute", "n", "values", "method", "runs", "precision", "recall"]
    return table([*header, "F1", "published"], body)


def _differences(
    name: str, rows: Sequence[Row], settings: CompareAttributes, place: Path
) -> list[dict[str, Any]]:
    """F1 of the own method less each other's, of all, seen and unseen values."""
    there = [
        part
        for part in _PARTS
        if part == "all" or any(row[part]["n_values"] for row in rows)
    ]
    return [
        {"set": name, "part": part, **row}
        for part in there
        for row in differences(
            rows,
            settings.own,
            place,
            f1_of(part),
            groups="product",
            n_resamples=settings.n_resamples,
        )
    ]


def f1_of(part: str) -> Score:
    """F1 by models.md 7.4 of weighted predictions; None where no value weighs.

    Args:
        part: all, seen, unseen or unseen_by_own_threshold; what is invented where there
            is no value counts against each of them.
    """
    key = "outcome_of_unseen" if part == "unseen_by_own_threshold" else "outcome"

    def score(one: Predictions) -> Weigh:
        outcome, was_seen = one[key], one["was_seen"]
        has_value = np.isin(outcome, (_RIGHT, _WRONG, _MISSED))
        kept = {
            "all": np.ones(len(outcome), dtype=bool),
            "seen": was_seen | ~has_value,
        }.get(part, ~was_seen)

        def weigh(weights: np.ndarray) -> float | None:
            n = np.bincount(outcome, weights=weights * kept, minlength=_SILENT + 1)
            n_values = n[_RIGHT] + n[_WRONG] + n[_MISSED]
            n_found = n[_RIGHT] + n[_WRONG] + n[_INVENTED]
            # 2PR / (P + R)
            return float(2 * n[_RIGHT] / (n_values + n_found)) if n_values else None

        return weigh

    return score


def _bootstrap(found: Sequence[Row], own: str) -> list[str]:
    lines = []
    for part, label in _PARTS.items():
        of_part = having(found, part=part)
        if of_part:
            lines += [
                f"F1 of {own} less that of the others, {label}; paired bootstrap over"
                " products:",
                "",
                *table_of_differences(of_part),
            ]
    return lines


def _multi_task(name: str, chosen: AttributeSet, rows: Sequence[Row]) -> list[str]:
    published = MULTI_TASK.get(chosen.published or "", {})
    said = SAID_OF_TASKS.get(chosen.published or "")
    body = [
        [
            method,
            len(found),
            *(spread([row[measure] for row in found]) for measure in _MEASURES),
            _f1_of_part(found, "unseen"),
            f"{published[method]:.3f}" if method in published else "",
        ]
        for method, found in _by_method(rows)
    ]
    header = ["tasks", "runs", "precision", "recall", "F1", "F1 unseen"]
    return [
        f"## Multi-task, {name}",
        "",
        *([f"Published: {said}.", ""] if said else []),
        *table([*header, "published F1"], body),
    ]


def _forgetting(name: str, rows: Sequence[Row], place: Path) -> list[str]:
    """The distillation loss after each epoch, on texts that are not trained on."""
    curves: dict[str, dict[float, list[float]]] = {}
    for row in rows:
        of_method = curves.setdefault(row["method"], {})
        for one in having(row["history"], phase="forgetting"):
            of_method.setdefault(one["epoch"], []).append(one["loss"])

    def draw(axes: Axes) -> None:
        for method, curve in curves.items():
            # Before the first step student and teacher are one.
            points = {0.0: [0.0], **curve}
            axes.errorbar(
                list(points),
                [float(np.mean(one)) for one in points.values()],
                yerr=[float(np.std(one)) for one in points.values()],
                label=FORGETTING[method],
                marker="o",
                capsize=3,
            )
        axes.set(xlabel="epoch", ylabel="distillation loss", title=name)
        axes.legend(fontsize=7)

    epochs = sorted({epoch for curve in curves.values() for epoch in curve})
    body = [
        [
            FORGETTING[method],
            *(spread(curve[epoch]) if epoch in curve else "" for epoch in epochs),
        ]
        for method, curve in curves.items()
    ]
    return [
        f"## Forgetting, {name}",
        "",
        "Distillation loss (the teacher's entropy taken off) on masked texts of the"
        " validation part, after each epoch; 0 before the first. Published: it keeps"
        " rising for QA+CLS and is low and flat for AVEQA.",
        "",
        *table(["", *(f"epoch {epoch:g}" for epoch in epochs)], body),
        plot(place, "forgetting", draw),
        "",
    ]


def _varied(
    study: str, label: str, rows: Sequence[Row], name: str, place: Path
) -> list[str]:
    groups: dict[float, list[Row]] = {}
    for row in rows:
        groups.setdefault(float(row["changes"][study]), []).append(row["validation"])
    return [
        f"## {label}, {name}, on validation",
        "",
        *varied(
            place,
            f"study-{study}",
            label,
            groups,
            ("f1", "precision", "recall"),
            title=f"AVEQA, {name}",
        ),
    ]
