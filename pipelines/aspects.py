"""Aspect nouns (AN-words): the nouns that are typical of a domain."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


def texts_without_nouns(
    sentences: DataFrame, questions: DataFrame, tagged: DataFrame
) -> DataFrame:
    """Distinct texts that are not tagged yet.

    Grain: one row per text_hash.

    Args:
        sentences: Columns of `tables.SENTENCES`.
        questions: Columns of `tables.QUESTIONS`.
        tagged: Rows of `tables.TEXT_NOUNS` of the tagger in use.

    Returns:
        text_hash, text.
    """
    asked = questions.select(F.sha2("text", 256).alias("text_hash"), "text")
    texts = sentences.select("text_hash", "text").unionByName(asked)
    # The same text stands in many reviews: it is tagged once.
    distinct = texts.dropDuplicates(["text_hash"])
    return distinct.join(tagged.select("text_hash"), on="text_hash", how="left_anti")


def aspect_nouns(
    sentences: DataFrame,
    text_nouns: DataFrame,
    *,
    min_count: int,
    min_ratio: float,
    epsilon: float,
) -> DataFrame:
    """The nouns that a domain uses far more than the other domains do.

    Chen et al. 2019 (QAR-net), AN-words: ratio(w) = (freq_D(w) / N_D) /
    ((freq_B(w) + epsilon) / N_B), with B the sentences of all other domains and N the
    word tokens. Kept where freq_D(w) >= min_count and ratio(w) >= min_ratio. Where
    there is no other domain the ratio is undefined: frequency alone decides.

    Grain: one row per (domain, noun).

    Args:
        sentences: Columns of `tables.SENTENCES`.
        text_nouns: Rows of `tables.TEXT_NOUNS` of one tagger.
        min_count: Occurrences in the domain, at least 1.
        min_ratio: At least 0.
        epsilon: Occurrences added to the background count, above 0.

    Returns:
        domain, noun, n_domain, n_background, ratio (null without a background).
    """
    words = sentences.select("domain", "text_hash").join(
        text_nouns.select("text_hash", "nouns", "n_tokens"), on="text_hash", how="inner"
    )
    sizes = words.groupBy("domain").agg(F.sum("n_tokens").alias("size_domain"))
    everywhere = Window.partitionBy()
    sizes = sizes.withColumn("size_all", F.sum("size_domain").over(everywhere))
    # One row per sentence becomes one per noun in it.
    occurrences = words.select("domain", F.explode("nouns").alias("noun"))
    counts = occurrences.groupBy("domain", "noun").agg(
        F.count(F.lit(1)).alias("n_domain")
    )
    of_noun = Window.partitionBy("noun")
    counts = counts.withColumn(
        "n_background", F.sum("n_domain").over(of_noun) - F.col("n_domain")
    )
    rows = counts.join(F.broadcast(sizes), on="domain", how="inner").withColumn(
        "ratio", _ratio(epsilon)
    )
    is_typical = F.col("ratio").isNull() | (F.col("ratio") >= min_ratio)
    kept = rows.filter((F.col("n_domain") >= min_count) & is_typical)
    return kept.select("domain", "noun", "n_domain", "n_background", "ratio")


def _ratio(epsilon: float) -> Column:
    size_background = F.col("size_all") - F.col("size_domain")
    in_domain = F.col("n_domain") / F.col("size_domain")
    # Written as a product: NULL, not an error, where there is no background.
    return F.when(
        size_background > 0,
        in_domain * size_background / (F.col("n_background") + F.lit(epsilon)),
    )
