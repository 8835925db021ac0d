"""Which question meets which answer: pairs to train on."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

_SEPARATOR = "\x1f"
# Of the slots two to four in ten are empty.
_DRAWS_PER_NEGATIVE = 8


def qa_pairs(
    questions: DataFrame,
    answers: DataFrame,
    domains: DataFrame,
    *,
    n_negatives: int,
    seed: int,
) -> DataFrame:
    """Questions with their best community answer and with answers to others.

    Chen et al. 2019, QA pairs: the top-voted answer is the positive; random answers
    of *other products of the same domain* are the negatives. An answer stands in a
    slot by the hash of its id and a draw hits a slot, so that a new answer changes few
    pairs. More draws than wanted are made, since one may hit an empty slot, the
    question's own product or an answer twice; a question of a domain with one product
    gets no negative.

    Grain: one row per (question_id, answer_id).

    Args:
        questions: Columns of `tables.QUESTIONS`.
        answers: Columns of `tables.COMMUNITY_ANSWERS`.
        domains: product_id, domain.
        n_negatives: Negatives of a question, at most.
        seed: Of the draw; the same seed and tables give the same pairs.

    Returns:
        Columns of `tables.QA_PAIRS`.
    """
    asked = questions.join(domains, on="product_id").select(
        "product_id",
        domains["domain"],
        "question_id",
        F.col("text").alias("question"),
    )
    order = Window.partitionBy("question_id").orderBy(
        F.desc("n_helpful"), F.asc("n_votes"), F.asc("answer_id")
    )
    best = answers.withColumn("place", F.row_number().over(order))
    positives = (
        best.filter(F.col("place") == 1)
        .select("question_id", "answer_id", F.col("text").alias("answer"))
        .join(asked, on="question_id", how="inner")
        .withColumn("label", F.lit(1))
    )
    negatives = _negatives(positives, answers, domains, n_negatives, seed)
    pairs = positives.unionByName(negatives)
    return pairs.select(
        _hash("question_id", "answer_id").alias("pair_id"),
        "product_id",
        "domain",
        "question_id",
        "answer_id",
        "label",
        "question",
        "answer",
    )


def _hash(*columns: str) -> Column:
    return F.sha2(F.concat_ws(_SEPARATOR, *columns), 256)


def _negatives(
    positives: DataFrame,
    answers: DataFrame,
    domains: DataFrame,
    n_negatives: int,
    seed: int,
) -> DataFrame:
    pool = answers.join(domains, on="product_id", how="inner").select(
        domains["domain"],
        F.col("product_id").alias("answer_product_id"),
        "answer_id",
        F.col("text").alias("answer"),
    )
    sizes = pool.groupBy("domain").agg(F.count(F.lit(1)).alias("n_answers"))
    # A power of two: a new answer moves no other one, until their number doubles.
    n_slots = F.pow(F.lit(2.0), F.ceil(F.log2("n_answers"))).cast("bigint")
    sizes = sizes.select("domain", n_slots.alias("n_slots"))
    slots = pool.join(F.broadcast(sizes), on="domain", how="inner").withColumn(
        "slot", F.pmod(F.xxhash64("answer_id", F.lit(seed)), "n_slots")
    )
    n_draws = n_negatives * _DRAWS_PER_NEGATIVE
    drawn = (
        positives.select("product_id", "domain", "question_id", "question")
        .join(F.broadcast(sizes), on="domain", how="inner")
        .withColumn("draw", F.explode(F.sequence(F.lit(1), F.lit(n_draws))))
        .withColumn(
            "slot", F.pmod(F.xxhash64("question_id", "draw", F.lit(seed)), "n_slots")
        )
    )
    met = drawn.join(slots.drop("n_slots"), on=["domain", "slot"], how="inner").filter(
        F.col("answer_product_id") != F.col("product_id")
    )
    # Two draws of a question may meet the same answer.
    distinct = met.groupBy("question_id", "answer_id").agg(
        F.min("draw").alias("draw"),
        *(F.first(name).alias(name) for name in ("product_id", "domain")),
        *(F.first(name).alias(name) for name in ("question", "answer")),
    )
    # Answers of one slot come with one draw: a hash of both puts them in order.
    first = Window.partitionBy("question_id").orderBy(
        "draw", F.xxhash64("question_id", "answer_id"), "answer_id"
    )
    kept = distinct.withColumn("place", F.row_number().over(first)).filter(
        F.col("place") <= n_negatives
    )
    return kept.withColumn("label", F.lit(0)).drop("place", "draw")
