"""Tables and plots of a comparison of passage models."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from jobs.config import ComparePassages, PassageSet
from jobs.paired import (
    Predictions,
    Weigh,
    differences,
    table_of_differences,
)
from jobs.passage_pictures import pictures
from jobs.published_passages import INTERACTION, MANY, WITHOUT
from jobs.published_passages import METHODS as PUBLISHED
from jobs.report import Row, having, plot, points, spread, table
from models.passages import METHODS
from models.passages.geometry import TERMS

_MEASURES: Mapping[str, str] = {
    "mrr": "MRR",
    "recall_at_1": "set recall at 1",
    "recall_at_5": "at 5",
    "hit_at_1": "hit rate at 1",
    "hit_at_5": "at 5",
}
_SHOWN = tuple(_MEASURES)[:3]
_REFERENCES = ("minilm-cosine", "bm25", "bm25-stems", "z-sum")


def write(rows: Sequence[Row], settings: ComparePassages, out: str) -> None:
    """Write report.md, results.json and the plots, as PNG and SVG, into a folder."""
    place = Path(out)
    lines = ["# Comparison of the passage models", ""]
    told: list[dict[str, Any]] = []
    for name, chosen in settings.sets.items():
        found = having(rows, study="methods", set_name=name)
        if found:
            lines += _methods(name, chosen, found, place)
            of_set = [
                {"set": name, "own": own, **row}
                for own, others in _compared(found, settings.own)
                for row in _differences(found, own, others, settings, place)
            ]
            told += of_set
            lines += _told(of_set)
            lines += _by_number(name, chosen, found, settings.min_questions, place)
            lines += _interaction(found)
            lines += pictures(name, found, place)
    found = having(rows, study="alignment")
    if found:
        lines += _alignment(found, settings, place, told)
    found = having(rows, study="variants")
    if found:
        lines += _variants(rows, settings, place, told)
    (place / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    content = {"runs": list(rows), "differences": told}
    (place / "results.json").write_text(json.dumps(content, indent=1) + "\n")


def _by_method(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    found = ((method, having(rows, method=method)) for method in METHODS)
    return [(method, of_method) for method, of_method in found if of_method]


def _of_pool(rows: Sequence[Row], pool: str) -> list[Row]:
    return [row["pools"][pool] for row in rows if pool in row["pools"]]


def _three(published: Sequence[float] | None) -> str:
    return " / ".join(f"{value:.3f}" for value in published or ())


def _mean(rows: Sequence[Row], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _methods(
    name: str, chosen: PassageSet, rows: Sequence[Row], place: Path
) -> list[str]:
    published = PUBLISHED.get(chosen.published or "", {})
    body = []
    for method, found in _by_method(rows):
        gold, everything = _of_pool(found, "gold"), _of_pool(found, "all")
        if gold:
            body.append(
                [
                    method,
                    len(found),
                    *(spread([row[key] for row in gold]) for key in _MEASURES),
                    *(spread([row[key] for row in everything]) for key in _SHOWN[:2]),
                    f"{_mean(found, 'seconds') / 60:.1f}",
                    _three(published.get(method)),
                ]
            )
    header = ["method", "runs", *_MEASURES.values(), "MRR, all", "set recall at 1, all"]
    one = _of_pool(rows, "gold")
    every = _of_pool(rows, "all")
    return [
        f"## {name}",
        "",
        f"Seeds {sorted({row['seed'] for row in rows})}; on average"
        f" {_mean(one, 'n_questions'):,.0f} questions measured,"
        f" {_mean(one, 'right_per_question'):.2f} right passages each, among"
        f" {_mean(one, 'n_candidates'):,.0f} right ones of all (gold) or"
        f" {_mean(every, 'n_candidates'):,.0f} passages (all)."
        f" {_mean(rows, 'n_training'):,.0f} matches to train on."
        + (" Published: MRR / R@1 / R@5." if published else ""),
        "",
        *table([*header, "minutes", "published"], body),
        plot(place, f"mrr-{name}", _mrr_by_method(name, rows)),
        "",
    ]


def _mrr_by_method(name: str, rows: Sequence[Row]) -> Callable[[Axes], None]:
    groups = [
        (method, found) for method, found in _by_method(rows) if _of_pool(found, "gold")
    ]

    return points(
        [method for method, _ in groups],
        {
            pool: [[row["mrr"] for row in _of_pool(found, pool)] for _, found in groups]
            for pool in ("gold", "all")
        },
        label="MRR",
        title=name,
        legend="pool",
    )


def _compared(rows: Sequence[Row], own: str) -> list[tuple[str, Sequence[str] | None]]:
    """The own method with all others; others with what they are to be better than.

    Each ENDX with the Dual it came from; the default and ENDX on a pretrained encoder
    with the references.
    """
    there = {row["method"] for row in rows}
    found: list[tuple[str, Sequence[str] | None]] = [(own, None)]
    for method in METHODS:
        others = [method.replace("endx-", "dual-")] if method in there else []
        if method in ("endx-bert", "hybrid"):
            others += _REFERENCES
        others = [one for one in others if one in there - {method}]
        if others and method != own:
            found.append((method, others))
    return found


def mean_reciprocal(one: Predictions) -> Weigh:
    """MRR of weighted questions; None where none weighs."""
    values = one["reciprocal"].astype(np.float64)

    def weigh(weights: np.ndarray) -> float | None:
        total = weights.sum()
        return float(weights @ values / total) if total else None

    return weigh


def _differences(
    rows: Sequence[Row],
    own: str,
    others: Sequence[str] | None,
    settings: ComparePassages,
    place: Path,
) -> list[dict[str, Any]]:
    """MRR of a method less that of others, among the right passages of all."""
    compared = [
        row
        for row in rows
        if "gold" in row["pools"]
        and (others is None or row["method"] in (own, *others))
    ]
    return differences(
        compared,
        own,
        place,
        mean_reciprocal,
        groups="group",
        n_resamples=settings.n_resamples,
    )


def _told(found: Sequence[Row]) -> list[str]:
    lines = []
    for own in dict.fromkeys(row["own"] for row in found):
        of_own = having(found, own=own)
        lines += [
            f"MRR (gold) of {own} less that of others; paired bootstrap over groups"
            " (paragraphs, pages, products):",
            "",
            *table_of_differences(of_own),
        ]
    return lines


def _by_number(
    name: str,
    chosen: PassageSet,
    rows: Sequence[Row],
    numbers: Sequence[int],
    place: Path,
) -> list[str]:
    """MRR among passages that answer at least so many questions."""
    pools = {n: "gold" if n == 1 else f"{n} questions" for n in numbers}
    there = {n: pool for n, pool in pools.items() if _of_pool(rows, pool)}
    if len(there) < 2:
        return []
    body: list[Sequence[Any]] = [
        [
            "questions",
            *(
                f"{_mean(_of_pool(rows, pool), 'n_questions'):.0f}"
                for pool in there.values()
            ),
            "",
        ]
    ]
    published = MANY if chosen.published == "squad" else {}
    curves = {}
    for method, found in _by_method(rows):
        if _of_pool(found, "gold"):
            scores = [
                [r["mrr"] for r in _of_pool(found, pool)] for pool in there.values()
            ]
            curves[method] = [float(np.mean(one)) if one else np.nan for one in scores]
            body.append(
                [
                    method,
                    *(spread(one) if one else "" for one in scores),
                    _three(published.get(method)),
                ]
            )

    def draw(axes: Axes) -> None:
        for method, curve in curves.items():
            is_own = method.startswith(("dual-bert", "endx", "minilm", "z-sum"))
            axes.plot(
                [*there],
                curve,
                marker="o",
                label=method if is_own else None,
                color=None if is_own else "0.85",
                zorder=2 if is_own else 1,
            )
        axes.set(
            xlabel="questions that a passage answers, at least",
            ylabel="MRR",
            title=name,
            xticks=[*there],
        )
        axes.legend(fontsize=7)

    return [
        "MRR among passages that answer at least so many questions, asked and ranked"
        " alike."
        + (" Published: MRR / R@1 / R@5 with at least 8." if published else ""),
        "",
        *table(["method", *(f"at least {n}" for n in there), "published"], body),
        plot(place, f"many-{name}", draw),
        "",
    ]


def _interaction(rows: Sequence[Row]) -> list[str]:
    found = [(m, r, _of_pool(r, "pairs")) for m, r in _by_method(rows)]
    if not any(method == "bert-qa" for method, *_ in found):
        return []
    body = [
        [
            method,
            len(of_method),
            *(spread([row[key] for row in pairs]) for key in _SHOWN),
            f"{_mean(pairs, 'milliseconds'):,.1f}",
            f"{_three(published[:3])} / {published[3]:,.0f}" if published else "",
        ]
        for method, of_method, pairs in found
        for published in [INTERACTION.get(method)]
    ]
    one = found[0][2]
    header = ["method", "runs", *(_MEASURES[key] for key in _SHOWN), "ms per question"]
    return [
        "Beside the interaction model, which reads each question with each candidate:"
        f" {_mean(one, 'n_questions'):.0f} questions among"
        f" {_mean(one, 'n_candidates'):.0f} passages, the passages made ready before"
        " where a method can. Published: MRR / R@1 / R@5 / ms, 500 pairs of SQuAD.",
        "",
        *table([*header, "published"], body),
    ]


def _alignment(
    rows: Sequence[Row],
    settings: ComparePassages,
    place: Path,
    told: list[dict[str, Any]],
) -> list[str]:
    def label(row: Row) -> str:
        if row["method"] != settings.study_method:
            return "without it (dual)"
        terms = row["changes"].get("terms")
        left_out = [term for term in TERMS if terms is not None and term not in terms]
        return f"without {left_out[0]}" if left_out else "all terms"

    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(label(row), []).append(row)
    name = settings.study_set
    return [
        f"## Geometry alignment, {name}",
        "",
        "Published: MRR / R@1 / R@5 on Natural Questions.",
        "",
        *_varied_table(groups, "all terms", WITHOUT, settings, place, told),
        *_terms(groups.get("all terms", []), name, place),
    ]


def _varied_table(
    groups: Mapping[str, Sequence[Row]],
    first: str,
    published: Mapping[str, Sequence[float]],
    settings: ComparePassages,
    place: Path,
    told: list[dict[str, Any]],
) -> list[str]:
    """Measures of groups of runs, and how far the first is ahead of each."""
    named = [{**row, "method": name} for name, found in groups.items() for row in found]
    found = differences(
        named,
        first,
        place,
        mean_reciprocal,
        groups="group",
        n_resamples=settings.n_resamples,
    )
    told += [{"set": settings.study_set, "own": first, **row} for row in found]
    ahead = {row["method"]: row for row in found}
    body = []
    for name, of_group in groups.items():
        gold = _of_pool(of_group, "gold")
        one = ahead.get(name)
        interval = one and (
            f"{one['difference']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
        )
        body.append(
            [
                name,
                len(of_group),
                *(spread([row[key] for row in gold]) for key in _SHOWN),
                interval or "",
                *([_three(published.get(name))] if published else []),
            ]
        )
    header = ["", "runs", *(_MEASURES[key] for key in _SHOWN)]
    header += [f"MRR of {first} less this"]
    return table([*header, *(["published"] if published else [])], body)


def _terms(rows: Sequence[Row], name: str, place: Path) -> list[str]:
    """What the weighed terms came to, epoch by epoch."""
    curves: dict[str, dict[float, list[float]]] = {}
    for row in rows:
        for one in row["history"]:
            if one["phase"].startswith("loss "):
                of_part = curves.setdefault(one["phase"].removeprefix("loss "), {})
                of_part.setdefault(one["epoch"], []).append(one["loss"])
    if not curves:
        return []

    def draw(axes: Axes) -> None:
        for part, curve in curves.items():
            axes.plot(
                [*curve],
                [float(np.mean(one)) for one in curve.values()],
                marker="o",
                label=part,
            )
        axes.set(
            xlabel="epoch",
            ylabel="loss times its alpha_{y|x}",
            yscale="log",
            title=f"{name}, all terms",
        )
        axes.legend(fontsize=7)

    return [plot(place, "alignment-losses", draw), ""]


def _variants(
    rows: Sequence[Row],
    settings: ComparePassages,
    place: Path,
    told: list[dict[str, Any]],
) -> list[str]:
    of_study = having(rows, study="variants")
    groups: dict[str, list[Row]] = {}
    as_conf = [
        row
        for row in having(
            rows, set_name=settings.study_set, method=settings.study_method, changes={}
        )
        if row["study"] != "variants"
    ]
    # One run of each seed, whatever study it was done for.
    groups["as in conf"] = [*{row["key"]: row for row in as_conf}.values()]
    for name, changes in settings.variants.items():
        groups[name] = having(of_study, changes=changes)
    there = {name: found for name, found in groups.items() if found}
    return [
        f"## What the paper leaves open, {settings.study_set}",
        "",
        f"{settings.study_method} with one decision of models.md 4.11 changed.",
        "",
        *_varied_table(there, "as in conf", {}, settings, place, told),
    ]
