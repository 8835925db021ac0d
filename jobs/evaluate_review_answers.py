"""Measure the lake's review_answers against a known truth."""

import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from jobs import config, lake, session
from jobs.config import RankAnswers, SettingsError
from jobs.launch import CONF, JSON, SET, attempt, document_of, keep
from jobs.model_folders import model_of
from models.metrics import average_precision, precision_recall_f1
from pipelines.tables import (
    ANSWER_SCORES,
    PRODUCTS,
    QR_PAIRS,
    QUESTIONS,
    REVIEW_ANSWERS,
    SENTENCES,
)
from pipelines.truth import judged_pairs

_TRUTH = "product_id string, question string, sentence string"


def measure(spark: SparkSession, settings: RankAnswers, truth: str) -> dict[str, Any]:
    """Precision, recall, F1, average precision and counts of `review_answers`.

    Recall and average precision count *every* true pair, also those that
    `pair_reviews` or the splitter lost.

    Args:
        spark: Session.
        settings: Of the ranking, for the lake and the model.
        truth: JSON lines with product_id, question, sentence: a folder or a file.
    """
    model = model_of(settings)
    true = spark.read.schema(_TRUTH).json(truth)
    pairs, scores, answers, questions, sentences = (
        lake.read(spark, table, settings.lake)
        for table in (QR_PAIRS, ANSWER_SCORES, REVIEW_ANSWERS, QUESTIONS, SENTENCES)
    )
    judged = judged_pairs(
        true,
        pairs,
        scores.filter(F.col("model_fp") == model.fingerprint),
        answers,
        questions,
        sentences,
    )
    rows = judged.drop("product_id", "question", "sentence").toPandas()
    n_true = int(rows["is_true"].sum())
    if not n_true:
        raise SettingsError(f"{truth}: no true pair, expected JSON lines")
    n_answers = int(rows["is_answer"].sum())
    n_right = int((rows["is_true"] & rows["is_answer"]).sum())
    scored = rows[rows["score"].notna()]
    of_scored = average_precision(
        scored["is_true"].to_numpy(dtype=np.int64), scored["score"].to_numpy()
    )
    precision, recall, f1 = precision_recall_f1(
        n_right, n_answers - n_right, n_true - n_right
    )
    return {
        "n_true": n_true,
        "n_true_in_sentences": int((rows["is_true"] & rows["is_sentence"]).sum()),
        "n_true_scored": int(scored["is_true"].sum()),
        "n_scored": len(scored),
        "n_answers": n_answers,
        "n_right": n_right,
        "precision": precision,
        "recall": recall,
        "f1": f1,
        # True pairs that were never scored are never found: they lower every recall.
        "average_precision": of_scored * float(scored["is_true"].sum()) / n_true,
        "base_rate": float(scored["is_true"].mean()) if len(scored) else 0.0,
        "model_name": model.name,
        "model_fp": model.fingerprint,
    }


def examples(spark: SparkSession, root: str, n_examples: int) -> list[dict[str, Any]]:
    """A few answers of different products, the surest of each, for the eye."""
    answers = lake.read(spark, REVIEW_ANSWERS, root).filter(F.col("rank") == 1)
    first = answers.groupBy("product_id").agg(
        F.max_by(F.struct("question", "sentence", "score"), "score").alias("best")
    )
    titles = lake.read(spark, PRODUCTS, root).select("product_id", "title")
    rows: DataFrame = (
        first.join(titles, on="product_id", how="left")
        .orderBy(F.xxhash64("product_id"))
        .limit(n_examples)
        .select("product_id", "title", "best.*")
    )
    return [row.asDict() for row in rows.collect()]


@click.command(name="review_answers")
@click.option("--truth", required=True, help="JSON lines with the pairs that answer.")
@click.option("--examples", "n_examples", default=0, show_default=True, type=int)
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
    """Measure the answers in the lake against a known truth.

    TRUTH holds product_id, question and sentence of every pair that answers, as
    `enrich sample` writes them below truth/answers.
    """

    def work() -> None:
        document = document_of(confs, overrides, None)
        settings = config.settings_of(RankAnswers, document)
        if "://" not in truth and not Path(truth).exists():
            raise SettingsError(f"--truth {truth}: not found")
        spark = session.build(settings.spark)
        measures = measure(spark, settings, truth)
        _show(measures, examples(spark, settings.lake, n_examples))
        keep(out, measures)

    sys.exit(attempt(work))


def _show(measures: dict[str, Any], shown: list[dict[str, Any]]) -> None:
    screen = Console(width=100, highlight=False, soft_wrap=True)
    m = measures
    screen.print(
        f"\nreview_answers against the truth ({m['model_name']} {m['model_fp']})\n"
        f"  precision {m['precision']:.4f}   recall {m['recall']:.4f}"
        f"   F1 {m['f1']:.4f}   average precision {m['average_precision']:.4f}\n"
        f"  {m['n_right']:,} right of {m['n_answers']:,} answers;"
        f" {m['n_true']:,} true pairs, {m['n_true_in_sentences']:,} of them found as"
        f" sentences, {m['n_true_scored']:,} among the {m['n_scored']:,} scored"
        f" (base rate {m['base_rate']:.3f})"
    )
    for row in shown:
        screen.print(
            f"\n{row['title'] or row['product_id']}\n"
            f"  Q  {row['question']}\n  A  {row['sentence']}   ({row['score']:.2f})",
            markup=False,
        )
