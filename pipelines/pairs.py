"""Which question meets which text: pairs to train on and pairs to score."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Candidates:
    """Pairs to score, and how many there were of each product before the limits.

    Attributes:
        pairs: Columns of `tables.QR_PAIRS`.
        found: product_id, n_found: pairs before the limits.
        ranked: What both are made from; persisted, it is computed once.
    """

    pairs: DataFrame
    found: DataFrame
    ranked: DataFrame


def qr_pairs(
    questions: DataFrame,
    sentences: DataFrame,
    text_nouns: DataFrame,
    aspect_nouns: DataFrame,
    domains: DataFrame,
    *,
    max_pairs_per_question: int,
    max_pairs_per_product: int,
) -> Candidates:
    """Questions with the sentences of their product that share an AN-word.

    Chen et al. 2019, QR pairs. Sentences of one product with the same text count
    once. Best first means: the rarer the shared nouns in the product (sum over them
    of log(1 + sentences / sentences with the noun)), then the smaller hash. Questions
    of a product with the same AN-words have the same candidates, so these are found
    once for each set of words: a product with many questions costs as much as it has
    different sets.

    Grain: one row per (question_id, sentence text).

    Args:
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`, of the sources that take part.
        text_nouns: Rows of `tables.TEXT_NOUNS` of one tagger.
        aspect_nouns: domain, noun of one version.
        domains: product_id, domain.
        max_pairs_per_question: Best candidates kept of a question.
        max_pairs_per_product: Best candidates kept of a product, the best of each
            question first.
    """
    nouns = text_nouns.select("text_hash", F.array_distinct("nouns").alias("nouns"))
    posts = _postings(sentences, nouns, aspect_nouns)
    asked = _question_words(questions, nouns, aspect_nouns, domains)
    sets = asked.select("product_id", "words").distinct()
    found = _ranked(sets, posts, max_pairs_per_question)
    of_set = found.groupBy("product_id", "words").agg(F.max("n_of_set").alias("n"))
    n_found = (
        asked.join(of_set, on=["product_id", "words"], how="inner")
        .groupBy("product_id")
        .agg(F.sum("n").alias("n_found"))
    )
    # Each question of a set gets the candidates of the set.
    pairs = asked.join(found, on=["product_id", "words"], how="inner")
    by_place = Window.partitionBy("product_id").orderBy(
        "place", "question_id", "sentence_hash"
    )
    kept = pairs.withColumn("place_in_product", F.row_number().over(by_place)).filter(
        F.col("place_in_product") <= max_pairs_per_product
    )
    selected = kept.select(
        _hash("question_id", "sentence_id").alias("pair_id"),
        "product_id",
        "question_id",
        "sentence_id",
        "question_hash",
        "sentence_hash",
        "shared_nouns",
    )
    return Candidates(pairs=selected, found=n_found, ranked=found)


def _postings(
    sentences: DataFrame, nouns: DataFrame, aspect_nouns: DataFrame
) -> DataFrame:
    """One row per distinct sentence text of a product and AN-word in it, weighed."""
    distinct = sentences.groupBy(
        "product_id", "domain", F.col("text_hash").alias("sentence_hash")
    ).agg(F.min("sentence_id").alias("sentence_id"))
    of_product = Window.partitionBy("product_id")
    distinct = distinct.withColumn("n_texts", F.count(F.lit(1)).over(of_product))
    words = distinct.join(
        nouns.withColumnRenamed("text_hash", "sentence_hash"),
        on="sentence_hash",
        how="inner",
    ).withColumn("noun", F.explode("nouns"))
    aspects = words.join(
        F.broadcast(aspect_nouns.select("domain", "noun")),
        on=["domain", "noun"],
        how="left_semi",
    )
    of_noun = Window.partitionBy("product_id", "noun")
    rarity = F.log1p(F.col("n_texts") / F.count(F.lit(1)).over(of_noun))
    return aspects.select(
        "product_id", "noun", "sentence_id", "sentence_hash", rarity.alias("weight")
    )


def _question_words(
    questions: DataFrame,
    nouns: DataFrame,
    aspect_nouns: DataFrame,
    domains: DataFrame,
) -> DataFrame:
    """Questions with the sorted set of their AN-words; those without are left out."""
    asked = questions.select(
        "product_id", "question_id", F.sha2("text", 256).alias("question_hash")
    ).join(domains, on="product_id", how="inner")
    words = asked.join(
        nouns.withColumnRenamed("text_hash", "question_hash"),
        on="question_hash",
        how="inner",
    ).withColumn("noun", F.explode("nouns"))
    aspects = words.join(
        F.broadcast(aspect_nouns.select("domain", "noun")),
        on=["domain", "noun"],
        how="left_semi",
    )
    return aspects.groupBy("product_id", "question_id", "question_hash").agg(
        F.array_sort(F.collect_set("noun")).alias("words")
    )


def _ranked(sets: DataFrame, posts: DataFrame, limit: int) -> DataFrame:
    """The best candidates of each set of words, with the number of all."""
    # One row per (set, word, sentence with the word).
    hits = sets.withColumn("noun", F.explode("words")).join(
        posts, on=["product_id", "noun"], how="inner"
    )
    found = hits.groupBy("product_id", "words", "sentence_hash", "sentence_id").agg(
        # The sum of doubles depends on their order: rounded, it does not.
        F.round(F.sum("weight"), 6).alias("weight"),
        F.array_sort(F.collect_set("noun")).alias("shared_nouns"),
    )
    of_set = Window.partitionBy("product_id", "words")
    best_first = of_set.orderBy(F.desc("weight"), F.asc("sentence_hash"))
    counted = found.withColumns(
        {
            "n_of_set": F.count(F.lit(1)).over(of_set),
            "place": F.row_number().over(best_first),
        }
    )
    return counted.filter(F.col("place") <= limit).drop("weight")
