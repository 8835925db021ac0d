"""From a product's texts to the passages of its questions: texts, blocks, the best."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.lanes import lane


def passages_of(
    questions: DataFrame, sentences: DataFrame, *, sources: Sequence[str]
) -> DataFrame:
    """The distinct passages of each product that somebody asked about.

    The same text of a product counts once, as the sentence of the smallest id.

    Grain: one row per (product_id, text_hash).

    Args:
        questions: Columns of `tables.QUESTIONS`.
        sentences: Columns of `tables.SENTENCES`.
        sources: Of `tables.SENTENCE_SOURCES`.

    Returns:
        product_id, text_hash, sentence_id, source, text.
    """
    asked = questions.select("product_id").distinct()  # many questions of a product
    kept = sentences.filter(F.col("source").isin(*sources)).join(
        asked, on="product_id", how="left_semi"
    )
    first = F.min(F.struct("sentence_id", "source", "text")).alias("first")
    return (
        kept.groupBy("product_id", "text_hash")
        .agg(first)
        .select("product_id", "text_hash", "first.*")
    )


def asked_texts(questions: DataFrame) -> DataFrame:
    """Questions with the hash of their text.

    Grain: one row per question_id.

    Returns:
        product_id, question_id, text_hash, text.
    """
    return questions.select(
        "product_id",
        "question_id",
        F.sha2("text", 256).alias("text_hash"),
        "text",
    )


def both_sides(asked: DataFrame, passages: DataFrame) -> DataFrame:
    """The texts that a model reads, question or passage.

    Args:
        asked: As `asked_texts` gives them.
        passages: As `passages_of` gives them.

    Returns:
        product_id, text_hash, side, text.
    """

    def of(texts: DataFrame, side: str) -> DataFrame:
        return texts.select(
            "product_id", "text_hash", F.lit(side).alias("side"), "text"
        )

    return of(asked, "question").unionByName(of(passages, "passage"))


def holders(questions: DataFrame, sentences: DataFrame) -> DataFrame:
    """Which product has which text, whatever its source.

    Grain: one row per question and per sentence.

    Returns:
        product_id, text_hash, side.
    """
    said = sentences.select("product_id", "text_hash", F.lit("passage").alias("side"))
    asked = asked_texts(questions).select(
        "product_id", "text_hash", F.lit("question").alias("side")
    )
    return asked.unionByName(said)


def missing_texts(texts: DataFrame, vectors: DataFrame) -> DataFrame:
    """The texts that a model has not read.

    Grain: one row per (text_hash, side), whatever number of products has the text.

    Args:
        texts: As `both_sides` gives them.
        vectors: Rows of `tables.TEXT_VECTORS` of the model.

    Returns:
        text_hash, side, text, lane.
    """
    distinct = texts.groupBy("text_hash", "side").agg(F.min("text").alias("text"))
    known = vectors.select("text_hash", "side")
    missing = distinct.join(known, on=["text_hash", "side"], how="left_anti")
    return missing.select(
        "text_hash", "side", "text", lane(F.xxhash64("text_hash", "side"))
    )


def retrieval_blocks(
    asked: DataFrame,
    passages: DataFrame,
    vectors: DataFrame,
    *,
    block_questions: int,
    block_passages: int,
    with_texts: bool = False,
) -> DataFrame:
    """One row a block: some questions and some passages of one product.

    A product's texts are dealt in the order of their ids, so that a product with very
    many of both becomes many blocks of bounded size; each block of questions meets
    each block of passages. A text without a vector is in none.

    Args:
        asked: As `asked_texts` gives them.
        passages: As `passages_of` gives them.
        vectors: Rows of `tables.TEXT_VECTORS` of one model.
        block_questions: Questions of a block, at most.
        block_passages: Passages of a block, at most.
        with_texts: Whether a block holds the texts besides, as a hybrid needs them.

    Returns:
        product_id; question_ids, question_vectors, sentence_ids, passage_vectors
        (arrays in the order of the ids), and maybe question_texts, passage_texts.
    """
    more = ("text",) if with_texts else ()
    of_questions, of_passages = (
        dealt(
            texts,
            vectors.filter(F.col("side") == side),
            (name, "vector", *more),
            size,
            key="product_id",
            named=f"_{side}",
        )
        for texts, side, name, size in (
            (asked, "question", "question_id", block_questions),
            (passages, "passage", "sentence_id", block_passages),
        )
    )
    # Each block of questions with each block of passages of its product.
    both = of_questions.join(of_passages, on="product_id", how="inner")
    return both.select(
        "product_id",
        F.col("_question.question_id").alias("question_ids"),
        F.col("_question.vector").alias("question_vectors"),
        F.col("_passage.sentence_id").alias("sentence_ids"),
        F.col("_passage.vector").alias("passage_vectors"),
        *(
            F.col(f"_{side}.text").alias(f"{side}_texts")
            for side in ("question", "passage")
            if with_texts
        ),
    )


def dealt(
    texts: DataFrame,
    vectors: DataFrame,
    names: Sequence[str],
    size: int,
    *,
    key: str,
    named: str,
) -> DataFrame:
    """Texts with vectors in groups of bounded size, one row each.

    Grain: one row per group of a key.

    Args:
        texts: text_hash, the key and the names but `vector`.
        vectors: text_hash, vector.
        names: Of each text; the first is its id, by which they are put in order.
        size: Texts of a group, at most.
        key: Texts of one group have the same.
        named: Of the column of all texts.

    Returns:
        The key, and the texts as an array of structs.
    """
    read = texts.join(
        vectors.select("text_hash", "vector"), on="text_hash", how="inner"
    )
    in_order = Window.partitionBy(key).orderBy(names[0])
    group = F.floor((F.row_number().over(in_order) - 1) / F.lit(size))
    grouped = read.withColumn("_group", group).groupBy(key, "_group")
    # Ids differ, so that they alone decide on the order.
    listed = F.array_sort(F.collect_list(F.struct(*names))).alias(named)
    return grouped.agg(listed).drop("_group")


def rank_passages(
    scored: DataFrame,
    asked: DataFrame,
    passages: DataFrame,
    *,
    top_k: int,
    model_name: str,
    model_fp: str,
    scored_at: Column,
    run_id: str,
) -> DataFrame:
    """The best passages of each question, of all blocks that it is in.

    Grain: one row per (question_id, rank). Ties go to the smaller sentence_id.

    Args:
        scored: product_id, question_id, sentence_id, similarity and score of the
            best of each block.
        asked: As `asked_texts` gives them.
        passages: As `passages_of` gives them.
        top_k: Passages kept per question, at least 1.
        model_name: Method of the model.
        model_fp: Its fingerprint.
        scored_at: When.
        run_id: This run.

    Returns:
        Columns of `tables.QUESTION_PASSAGES`; `rank` counts from 1.
    """
    best_first = Window.partitionBy("question_id").orderBy(
        # Not by the score, which is 1 for many of a sure model.
        F.desc("similarity"),
        F.asc("sentence_id"),
    )
    ranked = scored.withColumn("rank", F.row_number().over(best_first))
    kept = ranked.filter(F.col("rank") <= top_k)
    texts = asked.select("question_id", F.col("text").alias("question"))
    said = passages.select("sentence_id", "source", F.col("text").alias("passage"))
    told = kept.join(texts, on="question_id", how="inner").join(
        said, on="sentence_id", how="inner"
    )
    return told.select(
        "product_id",
        "question_id",
        "rank",
        "sentence_id",
        "source",
        "score",
        F.lit(run_id).alias("run_id"),
        F.lit(model_name).alias("model_name"),
        F.lit(model_fp).alias("model_fp"),
        scored_at.alias("scored_at"),
        "question",
        "passage",
    )
