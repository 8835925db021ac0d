"""Score every question-sentence pair that the model has not scored.

Reads   qr_pairs, questions, sentences, answer_scores
Writes  answer_scores   (missing rows, in commits of about chunk_pairs)
Needs   a model folder; one GPU per task where there is one
"""

import datetime as dt
import math
import time

from pyspark import StorageLevel
from pyspark.resource import (
    ResourceProfile,
    ResourceProfileBuilder,
    TaskResourceRequests,
)
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import ScoreAnswers
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import answer_model
from jobs.progress import say
from jobs.scope import scope
from pipelines.answers import blocks, missing_pairs, with_block
from pipelines.tables import ANSWER_SCORES, QR_PAIRS, QUESTIONS, SENTENCES
from udfs.answers import SCHEMA, answer_scores


def run(spark: SparkSession, settings: ScoreAnswers, run_id: str) -> Outcome:
    """Score what is missing, chunk by chunk."""
    root = settings.lake
    model = answer_model(settings)
    fingerprint = model.fingerprint
    todo = scope(spark, settings, (QR_PAIRS,), model_fp=fingerprint)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=fingerprint)
    scores = lake.read(spark, ANSWER_SCORES, root)
    missing = missing_pairs(
        todo.of(lake.read(spark, QR_PAIRS, root)),
        scores.filter(F.col("model_fp") == fingerprint),
    )
    pairs = with_block(
        missing,
        block_sentences=settings.block_sentences,
        block_questions=settings.block_questions,
    ).persist(StorageLevel.MEMORY_AND_DISK)
    n_pairs = pairs.count()
    n_chunks = math.ceil(n_pairs / settings.chunk_pairs)
    score = answer_scores(
        model.folder,
        fingerprint=fingerprint,
        token_budget=settings.token_budget,
        threads=settings.threads,
        precision=settings.precision,
    )
    questions = lake.read(spark, QUESTIONS, root)
    sentences = lake.read(spark, SENTENCES, root)
    n_written = n_refused = 0
    started = time.monotonic()
    for chunk in range(n_chunks):
        of_chunk = pairs.filter(F.pmod(F.xxhash64("block"), F.lit(n_chunks)) == chunk)
        # Round-robin, since AQE would put few blocks into one task.
        spread = blocks(of_chunk, questions, sentences).repartition(
            settings.spark.shuffle_partitions
        )
        scored = spread.mapInArrow(score, SCHEMA, profile=_profile(settings))
        scored = scored.persist(StorageLevel.MEMORY_AND_DISK)
        n_refused += _refuse(spark, scored, settings, run_id, n_pairs)
        n_written += _commit(spark, scored, root, fingerprint)
        scored.unpersist()
        rate = (n_written + n_refused) / (time.monotonic() - started)
        say(
            settings.section,
            f"chunk {chunk + 1} of {n_chunks}: {n_written:,} of {n_pairs:,} pairs,"
            f" {rate:,.0f} pairs/s",
        )
    pairs.unpersist()
    return Outcome(
        n_in=n_pairs,
        n_written=n_written,
        n_quarantined=n_refused,
        consumed=todo.consumed,
        model_fp=fingerprint,
        remark=f"model {model.name} {fingerprint}",
    )


def _profile(settings: ScoreAnswers) -> ResourceProfile | None:
    """A GPU for each scoring task, where conf says so; other stages stay wide."""
    if not settings.gpus_per_task:
        return None
    task = TaskResourceRequests().cpus(settings.threads)
    task = task.resource("gpu", settings.gpus_per_task)
    return ResourceProfileBuilder().require(task).build


def _refuse(
    spark: SparkSession,
    scored: DataFrame,
    settings: ScoreAnswers,
    run_id: str,
    n_pairs: int,
) -> int:
    failed = scored.filter(F.col("score").isNull())
    refused = failed.select(
        F.lit(QR_PAIRS.name).alias("source_file"),
        F.lit(0).cast("bigint").alias("position"),
        F.lit("key").alias("position_unit"),
        F.concat_ws(" ", "question_hash", "sentence_hash").alias("item"),
        "error_class",
        "message",
        F.lit(None).cast("string").alias("raw"),
    )
    n_refused = failed.count()
    ledger.check_share(n_refused, n_pairs, settings.quarantine, stage=settings.section)
    if n_refused:
        ledger.quarantine(
            spark, refused, settings.lake, stage=settings.section, run_id=run_id
        )
    return n_refused


def _commit(spark: SparkSession, scored: DataFrame, root: str, fingerprint: str) -> int:
    rows = scored.filter(F.col("score").isNotNull()).select(
        "question_hash",
        "sentence_hash",
        F.lit(fingerprint).alias("model_fp"),
        "score",
        F.lit(dt.datetime.now(dt.UTC)).alias("scored_at"),
    )
    return lake.insert(spark, rows, ANSWER_SCORES, root)


if __name__ == "__main__":
    launch(run, ScoreAnswers, ANSWER_SCORES)
