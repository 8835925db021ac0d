"""Measure the lake's attribute_values against a known truth."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import config, lake, session
from jobs.config import ChooseAttributes, SettingsError
from jobs.launch import CONF, JSON, SET, attempt, document_of, keep
from jobs.report import table
from models.attributes.names import attribute_name
from models.metrics import precision_recall_f1
from pipelines.tables import ATTRIBUTE_VALUES, PRODUCTS, VERDICTS
from pipelines.truth import judged_values, value_counts

_TRUTH = (
    "product_id string, attribute string, value string, source string,"
    " source_index int, begin int, end int, verdict string"
)
_MEASURES = ("n_true", "n_found", "n_right", "precision", "recall", "f1")
Row = Mapping[str, Any]


def judged(spark: SparkSession, root: str, truth: str) -> DataFrame:
    """The lake's values beside the true ones, as `judged_values` gives them.

    Args:
        spark: Session.
        root: Lake.
        truth: JSON lines with every place of every true value: a folder or a file.

    Raises:
        SettingsError: The truth holds nothing.
    """
    true = spark.read.schema(_TRUTH).json(truth).filter(F.col("value").isNotNull())
    told = [row["attribute"] for row in true.select("attribute").distinct().collect()]
    if not told:
        raise SettingsError(f"{truth}: no true value, expected JSON lines")
    # A name that is never asked for stays: its values count as missed.
    names = spark.createDataFrame(
        [(name, attribute_name(name) or name) for name in told],
        "attribute string, normal_name string",
    )
    named = true.join(F.broadcast(names), on="attribute", how="inner")
    named = named.drop("attribute").withColumnRenamed("normal_name", "attribute")
    return judged_values(named, lake.read(spark, ATTRIBUTE_VALUES, root))


def summary(counts: Sequence[Row]) -> dict[str, Any]:
    """Precision, recall and F1 by models.md 7.4 and counts, in all and by attribute.

    By verdict too: there a value counts as right only with the true verdict.

    Args:
        counts: Rows of `value_counts`.
    """
    n_found = sum(row["n"] for row in counts if row["is_found"])
    n_in_place = sum(row["n_in_place"] for row in counts)
    is_agreed = [row for row in counts if row["verdict"] == row["true_verdict"]]
    n_right = sum(row["n_right"] for row in counts)
    n_agreed = sum(row["n_right"] for row in is_agreed)
    attributes = sorted({row["attribute"] for row in counts})
    return {
        **_measures(counts),
        "place_exactness": n_in_place / n_found if n_found else 0.0,
        "verdict_accuracy": n_agreed / n_right if n_right else 0.0,
        "verdicts": {verdict: _of_verdict(counts, verdict) for verdict in VERDICTS},
        "attributes": {
            name: _measures([row for row in counts if row["attribute"] == name])
            for name in attributes
        },
    }


def _measures(counts: Iterable[Row]) -> dict[str, Any]:
    counts = list(counts)
    return _told(
        n_true=sum(row["n"] for row in counts if row["is_true"]),
        n_found=sum(row["n"] for row in counts if row["is_found"]),
        n_right=sum(row["n_right"] for row in counts),
    )


def _of_verdict(counts: Sequence[Row], verdict: str) -> dict[str, Any]:
    true = [row for row in counts if row["true_verdict"] == verdict]
    return _told(
        n_true=sum(row["n"] for row in true),
        n_found=sum(row["n"] for row in counts if row["verdict"] == verdict),
        n_right=sum(row["n_right"] for row in true if row["verdict"] == verdict),
    )


def _told(*, n_true: int, n_found: int, n_right: int) -> dict[str, Any]:
    measures = precision_recall_f1(n_right, n_found - n_right, n_true - n_right)
    told = (n_true, n_found, n_right, *measures)
    return dict(zip(_MEASURES, told, strict=True))


def measure(spark: SparkSession, settings: ChooseAttributes, truth: str) -> Row:
    """`summary` of the lake's values, with the model that found them."""
    rows = value_counts(judged(spark, settings.lake, truth)).collect()
    models = (
        lake.read(spark, ATTRIBUTE_VALUES, settings.lake)
        .groupBy("model_name", "model_fp")
        .count()
        .orderBy("model_name", "model_fp")
        .collect()
    )
    return {
        **summary([row.asDict() for row in rows]),
        "models": [
            [row["model_name"], row["model_fp"], row["count"]] for row in models
        ],
    }


def examples(
    spark: SparkSession, root: str, truth: str, n_products: int
) -> list[dict[str, Any]]:
    """All values of a few products, true and found, drawn by a hash, for the eye."""
    products = lake.read(spark, PRODUCTS, root).select("product_id", "title")
    drawn = products.orderBy(F.xxhash64("product_id")).limit(n_products)
    rows = judged(spark, root, truth).join(
        F.broadcast(drawn), on="product_id", how="inner"
    )
    order = F.array_position(
        F.array(*map(F.lit, ("contradicts", "adds", "agrees"))), F.col("verdict")
    )
    last = F.coalesce(F.nullif(order, F.lit(0)), F.lit(len(VERDICTS) + 1))
    shown = rows.orderBy(F.xxhash64("product_id"), last, "attribute").collect()
    return [row.asDict() for row in shown]


@click.command(name="attribute_values")
@click.option("--truth", required=True, help="JSON lines with every value's place.")
@click.option(
    "--examples",
    "n_examples",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Products whose values are shown.",
)
@JSON
@CONF
@SET
def evaluate(
    truth: str,
    n_examples: int,
    out: str | None,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
) -> None:
    """Measure the attribute values in the lake against a known truth.

    TRUTH holds product_id, attribute, value, source, source_index, begin, end and
    verdict of every place of a value, as `enrich sample` writes them below
    truth/attributes.
    """

    def work() -> None:
        document = document_of(confs, overrides, None)
        settings = config.settings_of(ChooseAttributes, document)
        if "://" not in truth and not Path(truth).exists():
            raise SettingsError(f"--truth {truth}: not found")
        spark = session.build(settings.spark)
        found = measure(spark, settings, truth)
        click.echo("\n".join(lines(found)))
        if n_examples:
            rows = examples(spark, settings.lake, truth, n_examples)
            click.echo("\n".join(shown(rows)))
        keep(out, found)

    sys.exit(attempt(work))


def lines(found: Row) -> list[str]:
    """The measures as text and a table."""
    parts = [
        ("all", found),
        *((f"verdict {name}", part) for name, part in found["verdicts"].items()),
        *found["attributes"].items(),
    ]
    models = ", ".join(f"{name} {model_fp}" for name, model_fp, _ in found["models"])
    return [
        f"attribute_values against the truth ({models})",
        f"place exactly a true one: {found['place_exactness']:.4f} of those found;"
        f" verdict as the truth's: {found['verdict_accuracy']:.4f} of those right",
        "",
        *table(
            ["values", *_MEASURES],
            [[name, *(_text(part[key]) for key in _MEASURES)] for name, part in parts],
        ),
    ]


def shown(rows: Sequence[Row]) -> list[str]:
    """Values as a person reads them, contradictions first, product by product."""
    told: list[str] = []
    product_id = None
    for row in rows:
        if row["product_id"] != product_id:
            product_id = row["product_id"]
            told += ["", row["title"] or product_id]
        told.append(f"  {_found(row)}{_of_truth(row)}")
    return told


def _found(row: Row) -> str:
    if not row["is_found"]:
        return f"{'none':<12}{row['attribute']}"
    shop = "" if row["specified"] is None else f", the shop has {row['specified']!r}"
    return (
        f"{row['verdict']:<12}{row['attribute']}: {row['value']!r}"
        f" ({row['source']}, {row['score']:.2f}){shop}"
    )


def _of_truth(row: Row) -> str:
    if not row["is_true"]:
        return "   WRONG: no text says so"
    if row["is_right"]:
        is_same = row["verdict"] == row["true_verdict"]
        return "" if is_same else f"   WRONG: it {row['true_verdict']}"
    values = " or ".join(map(repr, row["true_values"]))
    return f"   {'WRONG' if row['is_found'] else 'MISSED'}: {values}"


def _text(value: float) -> str:
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"
