"""Answered questions of similar products: who asked the same, and what was answered."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from pipelines.passages import dealt


def answered_questions(
    asked: DataFrame, answers: DataFrame, domains: DataFrame
) -> DataFrame:
    """Questions that the community has answered.

    Grain: one row per question_id.

    Args:
        asked: As `pipelines.passages.asked_texts` gives them.
        answers: Columns of `tables.COMMUNITY_ANSWERS`.
        domains: product_id, domain.

    Returns:
        The columns of `asked`, and domain.
    """
    known = answers.select("question_id").distinct()  # many answers of a question
    return asked.join(known, on="question_id", how="left_semi").join(
        domains, on="product_id", how="inner"
    )


def same_domain(rows: DataFrame, domains: DataFrame) -> DataFrame:
    """The products that changed rows reach: all of their domains, and their own.

    Args:
        rows: product_id, and domain: one that the row names, or named.
        domains: product_id, domain.

    Returns:
        product_id.
    """
    own = rows.select("product_id").distinct()
    # Where the product stands now, and where it stood.
    touched = (
        own.join(domains, on="product_id", how="inner")
        .select("domain")
        .unionByName(rows.select("domain"))
    )
    reached = domains.join(touched.distinct(), on="domain", how="left_semi")
    return reached.select("product_id").unionByName(own)


def moved(rows: DataFrame) -> DataFrame:
    """Changed rows of products that came, went or have another domain.

    Args:
        rows: A change feed of `tables.PRODUCTS`: product_id, domain, _change_type.

    Returns:
        product_id, domain.
    """
    is_new = F.col("_change_type").isin("insert", "delete")
    told = rows.groupBy("product_id").agg(
        (F.bool_or(is_new) | (F.count_distinct("domain") > 1)).alias("is_moved")
    )
    kept = told.filter("is_moved").select("product_id")
    return rows.select("product_id", "domain").join(
        kept, on="product_id", how="left_semi"
    )


def question_blocks(
    asked: DataFrame,
    answered: DataFrame,
    vectors: DataFrame,
    *,
    block_asked: int,
    block_answered: int,
) -> DataFrame:
    """One row a block: some questions and some answered ones of their domain.

    Args:
        asked: As `pipelines.passages.asked_texts` gives them, and domain.
        answered: As `answered_questions` gives them.
        vectors: Rows of `tables.TEXT_VECTORS` of one model.
        block_asked: Questions of a block, at most.
        block_answered: Answered questions of a block, at most.

    Returns:
        asked_ids, asked_products, asked_vectors, answered_ids, answered_products,
        answered_vectors (arrays in the order of the ids).
    """
    names = ("question_id", "product_id", "vector")
    of_vectors = vectors.filter(F.col("side") == "question")
    sides = [
        dealt(texts, of_vectors, names, size, key="domain", named=f"_{side}")
        for texts, size, side in (
            (asked, block_asked, "asked"),
            (answered, block_answered, "answered"),
        )
    ]
    both = sides[0].join(sides[1], on="domain", how="inner")  # each block with each
    # A large domain is many blocks, which one task is not to search alone.
    spread = both.repartition(F.xxhash64("_asked.question_id", "_answered.question_id"))
    return spread.select(
        *(
            F.col(f"_{side}.{name}").alias(f"{side}_{title}")
            for side in ("asked", "answered")
            for name, title in zip(names, ("ids", "products", "vectors"), strict=True)
        )
    )


def most_similar(found: DataFrame, *, n_similar: int) -> DataFrame:
    """The nearest answered questions of each question, of all blocks that it is in.

    Grain: one row per (question_id, place).

    Args:
        found: question_id, similar_id, cosine.
        n_similar: Kept per question, at least 1.

    Returns:
        The columns of `found`, and place from 1; ties go to the smaller similar_id.
    """
    nearest = Window.partitionBy("question_id").orderBy(
        F.desc("cosine"), F.asc("similar_id")
    )
    placed = found.withColumn("place", F.row_number().over(nearest))
    return placed.filter(F.col("place") <= n_similar)


def their_sentences(
    similar: DataFrame, answers: DataFrame, sentences: DataFrame
) -> DataFrame:
    """The sentences of the answers to similar questions.

    Grain: one row per (question_id, place, sentence_id).

    Args:
        similar: As `most_similar` gives them.
        answers: Columns of `tables.COMMUNITY_ANSWERS`.
        sentences: Columns of `tables.SENTENCES`.

    Returns:
        question_id, place, sentence_id, text_hash, text.
    """
    said = answers.select(
        F.col("question_id").alias("similar_id"), F.col("answer_id").alias("source_id")
    )
    of_answers = sentences.filter(F.col("source") == "community_answer").select(
        "source_id", "sentence_id", "text_hash", "text"
    )
    return (
        similar.select("question_id", "similar_id", "place")
        .join(said, on="similar_id", how="inner")
        .join(of_answers, on="source_id", how="inner")
        .select("question_id", "place", "sentence_id", "text_hash", "text")
    )


def best_of_each(scored: DataFrame, candidates: DataFrame) -> DataFrame:
    """One sentence for each similar question, the one that answers best.

    Grain: one row per (question_id, sentence_id).

    Args:
        scored: question_id, sentence_id, similarity, score.
        candidates: As `their_sentences` gives them.

    Returns:
        question_id, place, sentence_id, text, score; places may leave gaps.
    """
    kept = candidates.join(
        scored.select("question_id", "sentence_id", "similarity", "score"),
        on=["question_id", "sentence_id"],
        how="inner",
    )
    best = Window.partitionBy("question_id", "place").orderBy(
        F.desc("similarity"), F.asc("sentence_id")
    )
    first = kept.withColumn("_of_answer", F.row_number().over(best)).filter(
        F.col("_of_answer") == 1
    )
    # Two similar questions may have the same text of an answer.
    once = Window.partitionBy("question_id", "text").orderBy("place")
    distinct = first.withColumn("_of_text", F.row_number().over(once)).filter(
        F.col("_of_text") == 1
    )
    return distinct.select("question_id", "place", "sentence_id", "text", "score")


def behind(own: DataFrame, others: DataFrame) -> DataFrame:
    """The ranks of passages of other products behind those of the own.

    Args:
        own: Columns of `tables.QUESTION_PASSAGES`.
        others: The same but for `rank`, and place; a text that the own have is
            left out.

    Returns:
        Columns of `tables.QUESTION_PASSAGES`, of others alone.
    """
    known = own.select("question_id", "passage")
    new = others.join(known, on=["question_id", "passage"], how="left_anti")
    n_own = own.groupBy("question_id").agg(F.max("rank").alias("_n_own"))
    in_order = Window.partitionBy("question_id").orderBy("place")
    ranked = new.join(n_own, on="question_id", how="left").withColumn(
        "rank",
        (F.coalesce("_n_own", F.lit(0)) + F.row_number().over(in_order)).cast("int"),
    )
    return ranked.select(*own.columns)
