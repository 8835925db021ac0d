"""Answers and values of the lake beside the true ones, by their texts."""

from pyspark.sql import Column, DataFrame
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
        *(_is(F.col(flag)).alias(flag) for flag in flags),
        "score",
    )


def judged_passages(
    truth: DataFrame, passages: DataFrame, questions: DataFrame, sentences: DataFrame
) -> DataFrame:
    """Where the first true passage of each question stands.

    Grain: one row per question_id whose product has a sentence that answers it.

    Args:
        truth: product_id, question, sentence: the pairs that answer.
        passages: Columns of `tables.QUESTION_PASSAGES`.
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`.

    Returns:
        question_id, rank (of the first true one, null where there is none).
    """
    stored = sentences.select("product_id", F.col("text").alias("sentence")).distinct()
    true = truth.select(*_PAIR).distinct()
    answerable = true.join(stored, on=["product_id", "sentence"], how="left_semi")
    asked = questions.select(
        "product_id", "question_id", F.col("text").alias("question")
    )
    # A question may be asked twice, and have several true sentences.
    wanted = asked.join(answerable, on=["product_id", "question"], how="inner")
    ranked = passages.select(
        "question_id", F.col("passage").alias("sentence"), F.col("rank")
    )
    found = wanted.join(ranked, on=["question_id", "sentence"], how="left")
    return found.groupBy("question_id").agg(F.min("rank").alias("rank"))


def judged_values(truth: DataFrame, values: DataFrame) -> DataFrame:
    """Every true or found value of a product with what is known of it.

    Grain: one row per (product_id, attribute).

    Args:
        truth: product_id, attribute (its normal name), value, source, source_index,
            begin, end, verdict: a row a place where the value stands.
        values: Columns of `tables.ATTRIBUTE_VALUES`.

    Returns:
        product_id, attribute, true_values (array, each spelling once) and true_verdict,
        null where the truth has no value; value, source, score, verdict and specified,
        null where none was found; is_true, is_found, is_right (the value found is a
        true one, but for case and white space), is_in_place (its source and characters
        are those of a true one).
    """
    key = ["product_id", "attribute"]
    is_title = F.col("source") == F.lit("title")
    element = F.concat_ws("#", "product_id", F.col("source_index").cast("string"))
    mentions = truth.withColumn(
        "source_id", F.when(is_title, F.col("product_id")).otherwise(element)
    )
    true = mentions.groupBy(*key).agg(
        F.array_sort(F.collect_set("value")).alias("true_values"),
        F.collect_set(_place()).alias("true_places"),
        F.min("verdict").alias("true_verdict"),
    )
    told = ("value", "source", "score", "verdict", "specified")
    found = values.select(*key, *told, _place().alias("place"))
    judged = true.join(found, on=key, how="full")
    accepted = F.transform("true_values", _normal)
    return judged.select(
        *key,
        "true_values",
        "true_verdict",
        *told,
        F.col("true_values").isNotNull().alias("is_true"),
        F.col("value").isNotNull().alias("is_found"),
        _is(F.array_contains(accepted, _normal(F.col("value")))).alias("is_right"),
        _is(F.array_contains("true_places", F.col("place"))).alias("is_in_place"),
    )


def value_counts(judged: DataFrame) -> DataFrame:
    """How many values there are of each kind.

    Grain: one row per (attribute, true_verdict, verdict, is_true, is_found).

    Args:
        judged: As `judged_values` gives them.

    Returns:
        That key, n, n_right, n_in_place.
    """
    key = ("attribute", "true_verdict", "verdict", "is_true", "is_found")
    return judged.groupBy(*key).agg(
        F.count(F.lit(1)).alias("n"),
        F.count_if("is_right").alias("n_right"),
        F.count_if("is_in_place").alias("n_in_place"),
    )


def _place() -> Column:
    return F.struct(
        "source", "source_id", F.col("begin").cast("int"), F.col("end").cast("int")
    )


def _normal(value: Column) -> Column:
    return F.trim(F.regexp_replace(F.lower(value), r"\s+", " "))


def _is(flag: Column) -> Column:
    return F.coalesce(flag, F.lit(False))
