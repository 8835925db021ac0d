"""Which sentences of its product a question is scored with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.sentences import SEPARATOR
from pipelines.words import plain_words

_K1, _B = 1.2, 0.75


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


def bm25_candidates(
    questions: DataFrame,
    sentences: DataFrame,
    word_counts: DataFrame,
    domains: DataFrame,
    *,
    stop_words: Sequence[str],
    min_score: float,
    max_pairs_per_question: int,
    max_pairs_per_product: int,
) -> Candidates:
    """Questions with the sentences of their product that BM25 finds near enough.

    Robertson, Zaragoza 2009, of plain words, with the frequencies of the domain:

        sum over words t of both: idf(t) tf (k1 + 1) / (tf + k1 (1 - b + b |S| / avg))
        idf(t) = ln(1 + (N - n_t + 0.5) / (n_t + 0.5)),   k1 = 1.2, b = 0.75

    in typical words of the domain: divided by the mean idf of its texts' words. So one
    threshold means the same in a domain of ten texts and of a million, where a rare
    word weighs 2 and 14. A word newer than the counts is in none of the N counted
    texts; a domain without counts has no candidates. Ties and repeated texts: see
    `_candidates`.

    Grain: one row per (question_id, sentence text).

    Args:
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`, of the sources that take part.
        word_counts: Rows of `tables.WORD_COUNTS` of one version.
        domains: product_id, domain.
        stop_words: Words that do not count.
        min_score: BM25 of a pair in typical words, at least.
        max_pairs_per_question: Best candidates kept of a question.
        max_pairs_per_product: Best candidates kept of a product, the best of each
            question first.
    """
    words = plain_words(F.col("text"), stop_words=stop_words)
    of_words = F.sum(F.col("n_with") * _idf(F.col("n_with"))) / F.sum("n_with")
    sizes = word_counts.groupBy("domain").agg(
        F.max("n_texts").alias("n_texts"),
        F.max("mean_length").alias("mean_length"),
        F.round(of_words, 6).alias("typical"),
    )
    texts = (
        _distinct(sentences)
        .join(F.broadcast(sizes), on="domain", how="inner")
        .withColumn("words", words)
        .withColumn("parts", _saturations())
    )
    asked = (
        _asked(questions, domains)
        .withColumn("word", F.explode(F.array_distinct(words)))
        .join(F.broadcast(sizes), on="domain", how="inner")
        .join(
            word_counts.select("domain", "word", "n_with"),
            on=["domain", "word"],
            how="left",
        )
    )
    weight = _idf(F.coalesce("n_with", F.lit(0))) / F.col("typical")
    asked = asked.withColumn("weight", weight)
    return _candidates(
        _with_terms(asked, min_weight=min_score / (_K1 + 1)),
        texts,
        min_score=min_score,
        max_pairs_per_question=max_pairs_per_question,
        max_pairs_per_product=max_pairs_per_product,
    )


def noun_candidates(
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

    Chen et al. 2019, QR pairs. Best first means: the rarer the shared nouns in the
    product, by the sum over them of log(1 + sentences / sentences with the noun).

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
    nouns = text_nouns.select("text_hash", F.array_distinct("nouns").alias("words"))
    distinct = _distinct(sentences)
    texts = distinct.join(
        nouns.withColumnRenamed("text_hash", "sentence_hash"),
        on="sentence_hash",
        how="inner",
    ).withColumn("parts", _parts("words", lambda _: F.lit(1.0)))
    n_texts = distinct.groupBy("product_id").agg(F.count(F.lit(1)).alias("n_texts"))
    n_with = _postings(texts).groupBy("product_id", "word")
    aspects = aspect_nouns.select("domain", F.col("noun").alias("word"))
    asked = (
        _asked(questions, domains)
        .join(
            nouns.withColumnRenamed("text_hash", "question_hash"),
            on="question_hash",
            how="inner",
        )
        .withColumn("word", F.explode("words"))
        .join(F.broadcast(aspects), on=["domain", "word"], how="left_semi")
        .join(n_texts, on="product_id", how="inner")
        .join(
            n_with.agg(F.count(F.lit(1)).alias("n_with")),
            on=["product_id", "word"],
            how="inner",
        )
    )
    rarity = F.log1p(F.col("n_texts") / F.col("n_with"))
    return _candidates(
        _with_terms(asked.withColumn("weight", rarity), min_weight=0.0),
        texts,
        min_score=0.0,
        max_pairs_per_question=max_pairs_per_question,
        max_pairs_per_product=max_pairs_per_product,
    )


def passage_candidates(
    questions: DataFrame,
    sentences: DataFrame,
    passages: DataFrame,
    *,
    max_pairs_per_question: int,
    max_pairs_per_product: int,
) -> Candidates:
    """Questions with the passages that were found for them, best first.

    Grain: one row per (question_id, sentence text).

    Args:
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`, of the sources that take part.
        passages: Columns of `tables.QUESTION_PASSAGES`.
        max_pairs_per_question: Best candidates kept of a question.
        max_pairs_per_product: Best candidates kept of a product, the best of each
            question first.
    """
    asked = questions.select(
        "product_id", "question_id", F.sha2("text", 256).alias("question_hash")
    )
    # The same text may be a passage as a bullet and a candidate as a review's sentence.
    said = _distinct(sentences).select(
        "product_id", "sentence_hash", "sentence_id", F.col("text").alias("passage")
    )
    in_order = Window.partitionBy("question_id").orderBy("rank")
    ranked = (
        passages.select("product_id", "question_id", "rank", "passage")
        .join(asked, on=["product_id", "question_id"], how="inner")
        .join(said, on=["product_id", "passage"], how="inner")
        # Passages of other sources took ranks too.
        .withColumn("place", F.row_number().over(in_order))
        .withColumn("shared_nouns", F.array().cast("array<string>"))
    )
    n_found = ranked.groupBy("product_id").agg(F.count(F.lit(1)).alias("n_found"))
    kept = ranked.filter(F.col("place") <= max_pairs_per_question)
    pairs = _pairs(kept, max_pairs_per_product)
    return Candidates(pairs=pairs, found=n_found, ranked=ranked)


def _idf(n_with: Column) -> Column:
    return F.log(1 + (F.col("n_texts") - n_with + 0.5) / (n_with + 0.5))


def _distinct(sentences: DataFrame) -> DataFrame:
    """Sentences of one product with the same text are one, with the smallest id."""
    return sentences.groupBy(
        "product_id", "domain", F.col("text_hash").alias("sentence_hash")
    ).agg(F.min("sentence_id").alias("sentence_id"), F.first("text").alias("text"))


def _asked(questions: DataFrame, domains: DataFrame) -> DataFrame:
    asked = questions.select(
        "product_id", "question_id", "text", F.sha2("text", 256).alias("question_hash")
    )
    return asked.join(domains, on="product_id", how="inner")


def _parts(words: str, part: Callable[[Column], Column]) -> Column:
    """What a text adds to the weight of each word in it: word to number."""
    pairs = F.transform(
        F.array_distinct(words),
        lambda word: F.struct(word.alias("word"), part(word).alias("part")),
    )
    return F.map_from_entries(pairs)


def _saturations() -> Column:
    length = F.size("words")
    norm = _K1 * (1 - _B + _B * length / F.col("mean_length"))

    def saturation(word: Column) -> Column:
        n = length - F.size(F.array_remove("words", word))
        return n * (_K1 + 1) / (n + norm)

    return _parts("words", saturation)


def _with_terms(words: DataFrame, *, min_weight: float) -> DataFrame:
    """Questions with their words, and those of which a candidate must have one.

    Words of which all together weigh less than `min_weight` find no candidate of
    their own: a frequent word is looked up in the candidates of the rarer ones, not
    in its own long list (MaxScore, Turtle, Flood 1995).

    Grain: one row per question that has such words.

    Returns:
        product_id, question_id, question_hash, terms (array of word, weight by word),
        keys (array of words).
    """
    rising = Window.partitionBy("question_id").orderBy("weight", "word")
    weighed = words.withColumn("reach", F.sum("weight").over(rising))
    is_key = F.col("reach") >= min_weight
    asked = weighed.groupBy("product_id", "question_id", "question_hash").agg(
        F.array_sort(F.collect_list(F.struct("word", "weight"))).alias("terms"),
        F.array_sort(F.collect_list(F.when(is_key, F.col("word")))).alias("keys"),
    )
    return asked.filter(F.size("keys") > 0)


def _candidates(
    asked: DataFrame,
    texts: DataFrame,
    *,
    min_score: float,
    max_pairs_per_question: int,
    max_pairs_per_product: int,
) -> Candidates:
    """The best pairs of questions and texts by the sum of weight times part.

    Ties go to the smaller hash. Questions of a product with the same words have the
    same candidates, so these are found once for each set of words: a product with
    many questions costs as much as it has different sets.

    Args:
        asked: As `_with_terms` gives them.
        texts: product_id, sentence_hash, sentence_id, parts (word to number).
        min_score: Sum of a pair, at least.
        max_pairs_per_question: As above.
        max_pairs_per_product: As above.
    """
    sets = asked.select("product_id", "terms", "keys").distinct()
    found = _ranked(sets, texts, min_score, max_pairs_per_question)
    of_set = found.groupBy("product_id", "terms").agg(F.max("n_of_set").alias("n"))
    n_found = (
        asked.join(of_set, on=["product_id", "terms"], how="inner")
        .groupBy("product_id")
        .agg(F.sum("n").alias("n_found"))
    )
    # Each question of a set gets the candidates of the set.
    pairs = asked.join(found, on=["product_id", "terms"], how="inner")
    kept = _pairs(pairs, max_pairs_per_product)
    return Candidates(pairs=kept, found=n_found, ranked=found)


def _pairs(ranked: DataFrame, max_pairs_per_product: int) -> DataFrame:
    """Columns of `tables.QR_PAIRS`, the best of each question before the second.

    Args:
        ranked: product_id, question_id, question_hash, sentence_id, sentence_hash,
            shared_nouns, place (of the question's candidates).
        max_pairs_per_product: Kept of a product.
    """
    by_place = Window.partitionBy("product_id").orderBy(
        "place", "question_id", "sentence_hash"
    )
    kept = ranked.withColumn("place_in_product", F.row_number().over(by_place)).filter(
        F.col("place_in_product") <= max_pairs_per_product
    )
    identity = F.concat_ws(SEPARATOR, "question_id", "sentence_id")
    return kept.select(
        F.sha2(identity, 256).alias("pair_id"),
        "product_id",
        "question_id",
        "sentence_id",
        "question_hash",
        "sentence_hash",
        "shared_nouns",
    )


def _postings(texts: DataFrame) -> DataFrame:
    """One row per text and different word in it."""
    return texts.select(
        "product_id", "sentence_hash", F.explode(F.map_keys("parts")).alias("word")
    )


def _ranked(
    sets: DataFrame, texts: DataFrame, min_score: float, limit: int
) -> DataFrame:
    """The best candidates of each set of words, with the number of all."""
    # One row per (set, key, text with the key).
    hits = sets.withColumn("word", F.explode("keys")).join(
        _postings(texts), on=["product_id", "word"], how="inner"
    )
    # A text may have several keys.
    met = hits.select("product_id", "terms", "sentence_hash").distinct()
    pairs = met.join(
        texts.select("product_id", "sentence_hash", "sentence_id", "parts"),
        on=["product_id", "sentence_hash"],
        how="inner",
    )
    shared = F.filter("terms", lambda term: F.map_contains_key("parts", term["word"]))
    pairs = pairs.withColumn("shared", shared)
    score = F.aggregate(
        "shared",
        F.lit(0.0),
        lambda total, term: total + term["weight"] * F.col("parts")[term["word"]],
    )
    # The order of a sum of doubles may differ elsewhere: rounded, it does not matter.
    scored = pairs.select(
        "product_id",
        "terms",
        "sentence_hash",
        "sentence_id",
        F.col("shared.word").alias("shared_nouns"),
        F.round(score, 6).alias("score"),
    ).filter(F.col("score") >= min_score)
    of_set = Window.partitionBy("product_id", "terms")
    best_first = of_set.orderBy(F.desc("score"), F.asc("sentence_hash"))
    counted = scored.withColumns(
        {
            "n_of_set": F.count(F.lit(1)).over(of_set),
            "place": F.row_number().over(best_first),
        }
    )
    return counted.filter(F.col("place") <= limit).drop("score")
