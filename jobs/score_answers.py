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
from pipelines.answers import LANES, blocks, missing_pairs, with_block
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
    dealt = _dealt(spark, settings, missing)
    n_pairs = int(dealt.agg(F.sum(F.size("pair_question"))).collect()[0][0] or 0)
    n_chunks = min(LANES, math.ceil(n_pairs / settings.chunk_pairs))
    score = answer_scores(
        model.folder,
        fingerprint=fingerprint,
        token_budget=settings.token_budget,
        threads=settings.threads,
        precision=settings.precision,
    )
    n_written = n_refused = n_done = 0
    started = time.monotonic()
    for chunk in range(n_chunks):
        first, end = (LANES * place // n_chunks for place in (chunk, chunk + 1))
        of_chunk = dealt.filter((F.col("lane") >= first) & (F.col("lane") < end))
        # Round-robin, since AQE would put few blocks into one task.
        spread = of_chunk.repartition(settings.spark.shuffle_partitions)
        scored = spread.mapInArrow(score, SCHEMA, profile=_profile(settings))
        scored = scored.persist(StorageLevel.MEMORY_AND_DISK)
        n_failed = scored.filter(F.col("score").isNull()).count()
        n_done += scored.count()
        n_refused += n_failed
        ledger.check_share(
            n_refused, n_done, settings.quarantine, stage=settings.section
        )
        if n_failed:
            ledger.quarantine(
                spark, _refused(scored), root, stage=settings.section, run_id=run_id
            )
        n_written += _commit(spark, scored, root, fingerprint)
        scored.unpersist()
        rate = n_done / (time.monotonic() - started)
        say(
            settings.section,
            f"chunk {chunk + 1} of {n_chunks}: {n_written:,} of {n_pairs:,} pairs,"
            f" {rate:,.0f} pairs/s",
        )
    dealt.unpersist()
    if n_written + n_refused != n_pairs:
        raise lake.LakeError(
            f"{ANSWER_SCORES.name}: {n_written:,} pairs scored, {n_refused:,} refused"
            f" of {n_pairs:,}, expected all; the next run scores what is missing"
        )
    return Outcome(
        n_in=n_pairs,
        n_written=n_written,
        n_quarantined=n_refused,
        consumed=todo.consumed,
        model_fp=fingerprint,
        remark=f"model {model.name} {fingerprint}",
    )


def _dealt(
    spark: SparkSession, settings: ScoreAnswers, missing: DataFrame
) -> DataFrame:
    """Blocks of all missing pairs, made once; sorted, so that a chunk is a range."""
    placed = with_block(
        missing,
        block_sentences=settings.block_sentences,
        block_questions=settings.block_questions,
    )
    dealt = blocks(
        # Without it the plan that finds the missing pairs would run three times.
        placed.persist(StorageLevel.MEMORY_AND_DISK),
        lake.read(spark, QUESTIONS, settings.lake),
        lake.read(spark, SENTENCES, settings.lake),
    )
    dealt = dealt.sortWithinPartitions("lane").persist(StorageLevel.MEMORY_AND_DISK)
    dealt.count()
    placed.unpersist()
    return dealt


def _profile(settings: ScoreAnswers) -> ResourceProfile | None:
    """A GPU for each scoring task, where conf says so; other stages stay wide."""
    if not settings.gpus_per_task:
        return None
    task = TaskResourceRequests().cpus(settings.threads)
    task = task.resource("gpu", settings.gpus_per_task)
    return ResourceProfileBuilder().require(task).build


def _refused(scored: DataFrame) -> DataFrame:
    """The pairs without a score, as the quarantine takes them."""
    return scored.filter(F.col("score").isNull()).select(
        F.lit(QR_PAIRS.name).alias("source_file"),
        F.lit(0).cast("bigint").alias("position"),
        F.lit("key").alias("position_unit"),
        F.concat_ws(" ", "question_hash", "sentence_hash").alias("item"),
        "error_class",
        "message",
        F.lit(None).cast("string").alias("raw"),
    )


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
