"""From pairs to the best answers: what is missing, in blocks, and the ranking."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.lanes import lane


def missing_pairs(pairs: DataFrame, scores: DataFrame) -> DataFrame:
    """Distinct pairs of texts that the model has not scored.

    The same question and sentence may meet at several products: the smallest
    product_id stands for all.

    Grain: one row per (question_hash, sentence_hash).

    Args:
        pairs: Columns of `tables.QR_PAIRS`.
        scores: Rows of `tables.ANSWER_SCORES` of the model.

    Returns:
        product_id, question_hash, sentence_hash, question_id, sentence_id.
    """
    distinct = pairs.groupBy("question_hash", "sentence_hash").agg(
        F.min(F.struct("product_id", "question_id", "sentence_id")).alias("first")
    )
    missing = distinct.join(
        scores.select("question_hash", "sentence_hash"),
        on=["question_hash", "sentence_hash"],
        how="left_anti",
    )
    return missing.select("first.*", "question_hash", "sentence_hash")


def with_block(
    missing: DataFrame, *, block_sentences: int, block_questions: int
) -> DataFrame:
    """Missing pairs, each with the block it is scored in.

    A product's distinct sentences and questions are dealt by hash into as many
    groups as keep a group near its size; a block is one group of questions with one
    group of sentences, so a product with very many of both becomes many blocks of
    bounded size.

    Args:
        missing: As `missing_pairs` gives them.
        block_sentences: Distinct sentences of a block, about.
        block_questions: Distinct questions of a block, about.

    Returns:
        Columns of `missing` and `block`, a 64-bit number.
    """
    sizes = missing.groupBy("product_id").agg(
        # An estimate will do, and is the same for the same pairs in any order.
        F.approx_count_distinct("question_hash").alias("n_questions"),
        F.approx_count_distinct("sentence_hash").alias("n_sentences"),
    )
    sized = missing.join(sizes, on="product_id", how="inner")
    block = F.xxhash64(
        "product_id",
        _group("question_hash", "n_questions", block_questions),
        _group("sentence_hash", "n_sentences", block_sentences),
    )
    return sized.select(*missing.columns, block.alias("block"))


def _group(hashed: str, n_texts: str, size: int) -> Column:
    n_groups = F.ceil(F.col(n_texts) / F.lit(size))
    return F.pmod(F.xxhash64(hashed), n_groups)


def blocks(pairs: DataFrame, questions: DataFrame, sentences: DataFrame) -> DataFrame:
    """One row a block: its distinct texts once, and which of them are paired.

    A text is told by a key, the 64-bit xxHash of its hash: pairs travel as two numbers
    each, and no text travels once a pair.

    Grain: one row per block.

    Args:
        pairs: As `with_block` gives them.
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`.

    Returns:
        block, lane (by block); question_keys, question_hashes,
        questions, sentence_keys, sentence_hashes, sentences (arrays in the order of
        the keys; a text is null where its table no longer has it); pair_question,
        pair_sentence (arrays of equal length, of keys).
    """
    asked = _texts(pairs, questions, "question")
    said = _texts(pairs, sentences, "sentence")
    key = F.struct(
        F.xxhash64("question_hash").alias("question"),
        F.xxhash64("sentence_hash").alias("sentence"),
    )
    linked = pairs.groupBy("block").agg(
        F.array_sort(F.collect_list(key)).alias("pairs")
    )
    whole = linked.join(asked, on="block", how="inner").join(
        said, on="block", how="inner"
    )
    return whole.select(
        "block",
        lane(F.col("block")),
        *(
            F.col(f"_{side}s.{field}").alias(f"{side}{suffix}")
            for side in ("question", "sentence")
            for field, suffix in (("key", "_keys"), ("hash", "_hashes"), ("text", "s"))
        ),
        F.col("pairs.question").alias("pair_question"),
        F.col("pairs.sentence").alias("pair_sentence"),
    )


def _texts(pairs: DataFrame, texts: DataFrame, side: str) -> DataFrame:
    """One row a block: block, and its distinct texts of one side as `_<side>s`."""
    hashed, name = f"{side}_hash", f"{side}_id"
    distinct = pairs.groupBy("block", hashed).agg(F.min(name).alias(name))
    known = distinct.join(texts.select(name, "text"), on=name, how="left")
    text = F.struct(
        F.xxhash64(hashed).alias("key"), F.col(hashed).alias("hash"), "text"
    )
    return known.groupBy("block").agg(
        F.array_sort(F.collect_list(text)).alias(f"_{side}s")
    )


def rank_answers(
    pairs: DataFrame,
    scores: DataFrame,
    questions: DataFrame,
    sentences: DataFrame,
    *,
    threshold: float,
    top_k: int,
    model_name: str,
    run_id: str,
) -> DataFrame:
    """The best sentences of each question over the threshold.

    Grain: one row per (question_id, rank). Ties go to the smaller sentence_id, so the
    result does not depend on partitioning.

    Args:
        pairs: Columns of `tables.QR_PAIRS`.
        scores: Rows of `tables.ANSWER_SCORES` of one model.
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`.
        threshold: Lowest score of an answer, in [0, 1].
        top_k: Sentences kept per question, at least 1.
        model_name: Method of the model.
        run_id: This run.

    Returns:
        Columns of `tables.REVIEW_ANSWERS`; `rank` counts from 1.
    """
    good = scores.filter(F.col("score") >= threshold)
    scored = pairs.join(good, on=["question_hash", "sentence_hash"], how="inner")
    best_first = Window.partitionBy("question_id").orderBy(
        F.desc("score"), F.asc("sentence_id")
    )
    ranked = scored.withColumn("rank", F.row_number().over(best_first))
    kept = ranked.filter(F.col("rank") <= top_k)
    asked = questions.select("question_id", F.col("text").alias("question"))
    said = sentences.select("sentence_id", F.col("text").alias("sentence"))
    answers = kept.join(asked, on="question_id", how="inner").join(
        said, on="sentence_id", how="inner"
    )
    return answers.select(
        "product_id",
        "question_id",
        "rank",
        "sentence_id",
        "score",
        F.lit(run_id).alias("run_id"),
        F.lit(model_name).alias("model_name"),
        "model_fp",
        "scored_at",
        "question",
        "sentence",
    )
