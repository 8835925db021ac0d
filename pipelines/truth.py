"""Answers of the lake beside the true ones, by their texts."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_PAIR = ["product_id", "question", "sentence"]


def judged_pairs(
    truth: DataFrame,
    pairs: DataFrame,
    scores: DataFrame,
    answers: DataFrame,
    questions: DataFrame,
    sentences: DataFrame,
) -> DataFrame:
    """Every true, scored or answered pair with what is known of it.

    Grain: one row per (product_id, question text, sentence text).

    Args:
        truth: product_id, question, sentence: the pairs that answer.
        pairs: Columns of `tables.QR_PAIRS`.
        scores: Rows of `tables.ANSWER_SCORES` of one model.
        answers: Columns of `tables.REVIEW_ANSWERS`.
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`.

    Returns:
        product_id, question, sentence, is_true, is_answer, is_sentence (whether the
        product has a sentence of that text), score (null if never scored).
    """
    scored = pairs.join(scores, on=["question_hash", "sentence_hash"], how="inner")
    asked = questions.select("question_id", F.col("text").alias("question"))
    said = sentences.select("sentence_id", F.col("text").alias("sentence"))
    scored = scored.join(asked, on="question_id").join(said, on="sentence_id")
    scored = scored.groupBy(*_PAIR).agg(F.max("score").alias("score"))
    answered = answers.select(*_PAIR).distinct().withColumn("is_answer", F.lit(True))
    true = truth.select(*_PAIR).distinct().withColumn("is_true", F.lit(True))
    stored = sentences.select("product_id", F.col("text").alias("sentence")).distinct()
    stored = stored.withColumn("is_sentence", F.lit(True))
    judged = true.join(scored, on=_PAIR, how="full").join(
        answered, on=_PAIR, how="full"
    )
    judged = judged.join(stored, on=["product_id", "sentence"], how="left")
    flags = ("is_true", "is_answer", "is_sentence")
    return judged.select(
        *_PAIR,
        *(F.coalesce(F.col(flag), F.lit(False)).alias(flag) for flag in flags),
        "score",
    )
