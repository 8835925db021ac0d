"""Rank the scored sentences of each question and keep the best.

Reads   qr_pairs, answer_scores, questions, sentences
Writes  review_answers   (rows of the products whose pairs or scores changed)
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import RankAnswers
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import model_of, threshold_of
from jobs.scope import scope
from pipelines.answers import rank_answers
from pipelines.tables import (
    ANSWER_SCORES,
    QR_PAIRS,
    QUESTIONS,
    REVIEW_ANSWERS,
    SENTENCES,
)


def run(spark: SparkSession, settings: RankAnswers, run_id: str) -> Outcome:
    """Rank the answers of the products that changed."""
    root = settings.lake
    model = model_of(settings)
    pairs = lake.read(spark, QR_PAIRS, root)
    todo = scope(
        spark,
        settings,
        (QR_PAIRS, QUESTIONS, SENTENCES),
        reached={
            ANSWER_SCORES: lambda rows: pairs.join(
                rows, on=["question_hash", "sentence_hash"], how="left_semi"
            )
        },
        model_fp=model.fingerprint,
    )
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=model.fingerprint)
    scores = lake.read(spark, ANSWER_SCORES, root)
    answers = rank_answers(
        todo.of(pairs),
        scores.filter(F.col("model_fp") == model.fingerprint),
        lake.read(spark, QUESTIONS, root),
        lake.read(spark, SENTENCES, root),
        threshold=threshold_of(
            model, threshold=settings.threshold, precision=settings.at_precision
        ),
        top_k=settings.top_k,
        model_name=model.name,
        run_id=run_id,
    )
    written = lake.replace(spark, answers, REVIEW_ANSWERS, root, products=todo.products)
    return Outcome.of(written, consumed=todo.consumed, model_fp=model.fingerprint)


if __name__ == "__main__":
    launch(run, RankAnswers, REVIEW_ANSWERS)
