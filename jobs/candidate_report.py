"""Measures, tables and plots of the rules for which pairs are worth scoring."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from jobs.report import Row, having, plot, table
from models.candidates import Pool, above, best, difference, hits, places

Rules = Mapping[str, np.ndarray]
AN_WORDS, ALL_AN_WORDS = "AN-words", "AN-words of all domains"
NOUNS, STEMS, WORDS = "nouns", "stems", "plain words"
BM25, VECTORS, BOTH = "BM25", "vectors", "BM25 + vectors"
BM25_WORDS = "BM25 of plain words"
BM25_PRODUCT = "BM25 of plain words, product's idf"
_RANDOM = "random"
# Rules that say no as well as which is better.
_FILTERS = (AN_WORDS, ALL_AN_WORDS, NOUNS, STEMS, WORDS)
_RIVALS = (BM25, BM25_WORDS, VECTORS, BOTH)
# z-scores within a question say nothing between questions.
_CUT = (BM25, BM25_WORDS, BM25_PRODUCT, VECTORS)
_SEED = 1
_CURVE = np.linspace(0, 1, 51)


def measured(
    pool: Pool, rules: Rules, *, shares: Sequence[float], n_resamples: int
) -> dict[str, Any]:
    """What the filters keep, and the others at the same budgets.

    Args:
        pool: P pairs.
        rules: The number of each pair, [P], by the rule's name.
        shares: Further budgets, as shares of the pairs.
        n_resamples: Of the bootstrap over questions.
    """
    n = len(pool.groups)
    ranked = {
        name: places(pool, scores)
        for name, scores in {**rules, _RANDOM: np.zeros(n)}.items()
    }
    masks = {name: rules[name] > 0 for name in _FILTERS}
    for name in _RIVALS:
        masks[f"{AN_WORDS} or top 1 of {name}"] = masks[AN_WORDS] | (ranked[name] == 0)
    filters = []
    for name, kept in masks.items():
        budget = int(kept.sum())
        row = {"rule": name, **_measures(pool, kept)}
        for rival in _RIVALS:
            row[rival] = _measures(pool, best(pool, ranked[rival], budget))["recall"]
        filters.append(row)
    kept = masks[AN_WORDS]
    budget = int(kept.sum())
    rivals = {
        name: best(pool, place, budget)
        for name, place in ranked.items()
        if name != AN_WORDS
    }
    for name in _CUT:
        rivals[_threshold(name)] = above(pool, rules[name], budget)
    equal = []
    for name, others in rivals.items():
        gain = difference(pool, others, kept, n_resamples=n_resamples, seed=_SEED)
        of_rule = _measures(pool, others)
        equal.append(
            {
                "rule": name,
                **of_rule,
                **dict(zip(("difference", "low", "high"), gain, strict=True)),
            }
        )
    fixed = [
        {
            "rule": name,
            "share": share,
            **_measures(pool, best(pool, place, round(share * n))),
        }
        for name, place in ranked.items()
        for share in shares
    ]
    curves = {
        name: [
            _measures(pool, best(pool, place, round(share * n)))["recall"]
            for share in _CURVE
        ]
        for name, place in ranked.items()
    }
    return {
        "n_pairs": n,
        "n_positive": int(pool.labels.sum()),
        "n_questions": len(pool.asked),
        "n_products": len(pool.sentences),
        "filters": filters,
        "equal": equal,
        "fixed": fixed,
        "curves": {"share": _CURVE.tolist(), **curves},
    }


def _threshold(name: str) -> str:
    return f"{name}, one threshold"


def _measures(pool: Pool, kept: np.ndarray) -> dict[str, float]:
    """Pairs kept, share pruned, recall, and questions that keep a positive."""
    everything = np.ones(len(kept), dtype=bool)
    found, positive = hits(pool, kept), hits(pool, everything)
    return {
        "n_kept": int(kept.sum()),
        "pruned": 1 - float(kept.mean()),
        "recall": float(found.sum() / positive.sum()),
        "answered": float((found > 0).sum() / (positive > 0).sum()),
    }


def write(results: Sequence[Row], shares: Sequence[float], out: str) -> None:
    """Write report.md, candidates.json and a plot a set into a folder."""
    place = Path(out)
    lines = ["# Which pairs are worth scoring", "", *_overview(results)]
    for name in dict.fromkeys(row["set"] for row in results):
        found = having(results, set=name)
        lines += [f"## {name}", ""]
        for row in found:
            lines += _of_pool(row, shares)
        lines += [_plot(name, found, place), ""]
    (place / "report.md").write_text("\n".join(lines), encoding="utf-8")
    (place / "candidates.json").write_text(json.dumps(results, indent=1) + "\n")


def _overview(results: Sequence[Row]) -> list[str]:
    cut = [_threshold(name) for name in _CUT if name != BM25_PRODUCT]
    shown = [*_RIVALS, *cut, _RANDOM]
    body = []
    for row in results:
        filtered = row["filters"][0]
        equal = {one["rule"]: one for one in row["equal"]}
        body.append(
            [
                row["set"],
                row["pool"],
                f"{row['n_pairs']:,}",
                f"{row['n_positive']:,}",
                f"{filtered['n_kept']:,}",
                _percent(filtered["pruned"]),
                _percent(filtered["recall"]),
                *(_percent(equal[name]["recall"]) for name in shown),
            ]
        )
    header = ["set", "pool", "pairs", "positive", "kept by AN-words", "pruned, %"]
    header += ["AN-words", *shown]
    return [
        "Recall of the positives, %, all rules keeping as many pairs as the AN-words:"
        " the same share of each question's candidates or, with one threshold, the"
        " best of all questions together.",
        "",
        *table(header, body),
    ]


def _of_pool(row: Row, shares: Sequence[float]) -> list[str]:
    words = row["domain"] or "all domains together, the set is not in the lake"
    lines = [
        f"### {row['set']}, {row['pool']}",
        "",
        f"Positive: {row['label_rule']}. {row['n_pairs']:,} pairs,"
        f" {row['n_positive']:,} positive, {row['n_questions']:,} questions of"
        f" {row['n_products']:,} products. {row['n_an_words']:,} AN-words of {words};"
        f" nouns by {row['tagger']}.",
        "",
        "Filters, and the recall of others with as many pairs (%):",
        "",
    ]
    header = ["filter", "kept", "pruned", "recall", "questions with a positive"]
    body = [
        [
            one["rule"],
            f"{one['n_kept']:,}",
            *(_percent(one[name]) for name in ("pruned", "recall", "answered")),
            *(_percent(one[name]) for name in _RIVALS),
        ]
        for one in row["filters"]
    ]
    lines += table([*header, *_RIVALS], body)
    lines += [
        "With as many pairs as the AN-words keep; difference of the recalls to theirs,"
        " with a 95 % interval (paired bootstrap over questions), in points:",
        "",
    ]
    body = [
        [
            one["rule"],
            f"{one['n_kept']:,}",
            *(_percent(one[name]) for name in ("recall", "answered")),
            f"{100 * one['difference']:+.1f}"
            f" ({100 * one['low']:+.1f} to {100 * one['high']:+.1f})",
        ]
        for one in row["equal"]
    ]
    header = ["rule", "kept", "recall", "questions with a positive", "difference"]
    lines += table(header, body)
    lines += ["Recall at fixed shares of the pairs (%):", ""]
    body = [
        [
            name,
            *(_percent(one["recall"]) for one in row["fixed"] if one["rule"] == name),
        ]
        for name in dict.fromkeys(one["rule"] for one in row["fixed"])
    ]
    return lines + table(["rule", *(f"{share:.0%}" for share in shares)], body)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _plot(name: str, rows: Sequence[Row], place: Path) -> str:
    """Recall against the share kept, one line a rule; dots: the filters themselves."""

    def curves_of(row: Row) -> Callable[[Axes], None]:
        def draw(axes: Axes) -> None:
            curves = row["curves"]
            colours = {}
            for rule in curves:
                if rule != "share":
                    is_random = rule == _RANDOM
                    (line,) = axes.plot(
                        curves["share"],
                        curves[rule],
                        label=rule,
                        color="black" if is_random else None,
                        linestyle=":" if is_random else "-",
                        linewidth=2 if rule == AN_WORDS else 1,
                    )
                    colours[rule] = line.get_color()
            for one in row["filters"]:
                if one["rule"] in colours:
                    point = 1 - one["pruned"], one["recall"]
                    axes.scatter(*point, color=colours[one["rule"]], s=25, zorder=3)
            axes.set(
                xlabel="share of the pairs kept",
                ylabel="recall of the positives",
                title=f"{name}, {row['pool']}",
            )
            axes.legend(fontsize=6)

        return draw

    return plot(place, f"candidates-{name}", *(curves_of(row) for row in rows))
