"""Score every question-sentence pair that the model has not scored.

Reads   qr_pairs, questions, sentences, answer_scores
Writes  answer_scores   (missing rows, in commits of about chunk_size pairs)
Needs   a model folder; one GPU per task where there is one
"""

import datetime as dt

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import ScoreAnswers
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import model_of
from jobs.scope import scope
from jobs.scoring import Missing, score_missing
from models.checkpoint import Card
from pipelines.answers import blocks, missing_pairs, with_block
from pipelines.tables import ANSWER_SCORES, QR_PAIRS, QUESTIONS, SENTENCES
from udfs.answers import SCHEMA, answer_scores
from udfs.batching import ArrowMap


def run(spark: SparkSession, settings: ScoreAnswers, run_id: str) -> Outcome:
    """Score what is missing, chunk by chunk."""
    root = settings.lake
    model = model_of(settings)
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

    def row_of(scored: DataFrame) -> DataFrame:
        return scored.select(
            "question_hash",
            "sentence_hash",
            F.lit(fingerprint).alias("model_fp"),
            "score",
            F.lit(dt.datetime.now(dt.UTC)).alias("scored_at"),
        )

    named = F.concat_ws(" ", "question_hash", "sentence_hash")
    done = score_missing(
        spark,
        settings,
        Missing(dealt, n_pairs, "pairs", QR_PAIRS, named),
        scorer(settings, model),
        SCHEMA,
        ANSWER_SCORES,
        row_of,
        run_id,
    )
    return Outcome(
        n_in=n_pairs,
        n_written=done.n_written,
        n_quarantined=done.n_refused,
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


def scorer(settings: ScoreAnswers, model: Card) -> ArrowMap:
    """From blocks to scored pairs, by the settings."""
    return answer_scores(
        model.folder,
        fingerprint=model.fingerprint,
        token_budget=settings.token_budget,
        threads=settings.threads,
        precision=settings.precision,
    )


if __name__ == "__main__":
    launch(run, ScoreAnswers, ANSWER_SCORES)
