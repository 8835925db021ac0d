"""Measure the lake's question_passages against a known truth."""

import sys
from pathlib import Path
from typing import Any

import click
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from jobs import config, lake, session
from jobs.config import RetrievePassages, SettingsError
from jobs.launch import CONF, JSON, SET, attempt, document_of, keep
from jobs.model_folders import model_of
from pipelines.tables import QUESTION_PASSAGES, QUESTIONS, SENTENCES, SIMILAR
from pipelines.truth import judged_passages

_TRUTH = "product_id string, question string, sentence string"
_AT = (1, 5)


def measure(
    spark: SparkSession, settings: RetrievePassages, truth: str
) -> dict[str, Any]:
    """Hit rate at 1 and 5 and mean reciprocal rank of `question_passages`.

    Of the questions that a sentence of the lake answers by the truth; one that none of
    the kept passages answers has a reciprocal rank of 0. Passages of the model in the
    folder count, of the question's own product.

    Args:
        spark: Session.
        settings: Of the stage, for the lake and the model.
        truth: JSON lines with product_id, question, sentence: a folder or a file.
    """
    model = model_of(settings)
    passages, questions, sentences = (
        lake.read(spark, table, settings.lake)
        for table in (QUESTION_PASSAGES, QUESTIONS, SENTENCES)
    )
    true = spark.read.schema(_TRUTH).json(truth)
    kept = passages.filter(F.col("model_fp") == model.fingerprint).filter(
        F.col("source") != SIMILAR
    )
    rank = F.col("rank")
    found = (
        judged_passages(true, kept, questions, sentences)
        .agg(
            F.count(F.lit(1)).alias("n_questions"),
            F.count("rank").alias("n_found"),
            F.avg(F.coalesce(1 / rank, F.lit(0.0))).alias("mrr"),
            *(
                F.avg(F.coalesce(rank <= n, F.lit(False)).cast("int")).alias(
                    f"hit_at_{n}"
                )
                for n in _AT
            ),
        )
        .collect()[0]
    )
    if not found["n_questions"]:
        raise SettingsError(f"{truth}: no question of the lake, expected JSON lines")
    names = {"model_name": model.name, "model_fp": model.fingerprint}
    return {**found.asDict(), **names}


@click.command(name="question_passages")
@click.option("--truth", required=True, help="JSON lines with the pairs that answer.")
@JSON
@CONF
@SET
def evaluate(
    truth: str, out: str | None, confs: tuple[str, ...], overrides: tuple[str, ...]
) -> None:
    """Measure the passages in the lake against a known truth.

    TRUTH holds product_id, question and sentence of every pair that answers, as
    `enrich sample` writes them below truth/answers. It knows sentences of reviews
    alone: a bullet that answers too counts as wrong.
    """

    def work() -> None:
        document = document_of(confs, overrides, None)
        settings = config.settings_of(RetrievePassages, document)
        if "://" not in truth and not Path(truth).exists():
            raise SettingsError(f"--truth {truth}: not found")
        found = measure(session.build(settings.spark), settings, truth)
        Console(width=100, highlight=False, soft_wrap=True).print(
            "\nquestion_passages against the truth"
            f" ({found['model_name']} {found['model_fp']})\n"
            f"  hit rate at 1 {found['hit_at_1']:.4f}   at 5 {found['hit_at_5']:.4f}"
            f"   mean reciprocal rank {found['mrr']:.4f}\n"
            f"  {found['n_found']:,} of {found['n_questions']:,} questions that a"
            " sentence of a review answers have one among their passages"
        )
        keep(out, found)

    sys.exit(attempt(work))


if __name__ == "__main__":
    evaluate()
