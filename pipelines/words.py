"""Plain words of a text, and how many texts of a domain have each."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_PLURALS = (("(?<![ea])ies$", "y"), ("(?<![aeo])es$", "e"), ("(?<![us])s$", ""))


def plain_words(text: Column, *, stop_words: Sequence[str]) -> Column:
    """Lower-cased words without stop words and plural endings, with repetition.

    The words of `models.words.plain_words` to the letter, which a plan cannot call.
    """
    words = F.regexp_extract_all(F.lower(text), F.lit("[a-z0-9]+"), F.lit(0))
    kept = F.filter(words, lambda word: ~word.isin(*stop_words))
    return F.transform(kept, singular)


def singular(word: Column) -> Column:
    """A lower-case word without its plural ending; short ones have none."""
    found = F.when(F.length(word) <= 3, word)
    for ending, other in _PLURALS:
        is_plural = word.rlike(ending)
        found = found.when(is_plural, F.regexp_replace(word, ending, other))
    return found.otherwise(word)


def word_counts(sentences: DataFrame, *, stop_words: Sequence[str]) -> DataFrame:
    """In how many different texts of a domain each plain word is.

    Grain: one row per (domain, word).

    Args:
        sentences: Columns of `tables.SENTENCES`, of the sources that take part.
        stop_words: Words that do not count.

    Returns:
        domain, word, n_with, n_texts, mean_length.
    """
    # The same text stands in many reviews: it counts once.
    distinct = sentences.dropDuplicates(["domain", "text_hash"])
    texts = distinct.select(
        "domain", plain_words(F.col("text"), stop_words=stop_words).alias("words")
    )
    mean = F.sum(F.size("words")) / F.count(F.lit(1))
    sizes = texts.groupBy("domain").agg(
        F.count(F.lit(1)).alias("n_texts"),
        F.greatest(F.lit(1.0), mean).alias("mean_length"),
    )
    # One row per text becomes one per different word in it.
    met = texts.select("domain", F.explode(F.array_distinct("words")).alias("word"))
    counts = met.groupBy("domain", "word").agg(F.count(F.lit(1)).alias("n_with"))
    return counts.join(F.broadcast(sizes), on="domain", how="inner").select(
        "domain", "word", "n_with", "n_texts", "mean_length"
    )
