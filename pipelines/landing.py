"""From raw records to the rows of the landed tables.

A raw row carries where it stood: modified_at, source_file, position, place (within
its line). Later means: by the time its file was modified, then by file name, position
and place. That holds among the files of one run; a file that comes in a later run
counts as later, whatever its time of modification says.
"""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

_SEPARATOR = "\x1f"
_ORDER = ("modified_at", "source_file", "position", "place")


def hashed(kind: str, *columns: str | Column) -> Column:
    """Id of a row: SHA-256 of its kind and natural key."""
    return F.sha2(F.concat_ws(_SEPARATOR, F.lit(kind), *columns), 256)


def file_domain(names: Mapping[str, str]) -> Column:
    """Name that conf gives a row's file, else the file's own without extensions."""
    file = F.element_at(F.split("source_file", "/"), -1)
    stem = F.regexp_replace(file, r"(?i)(\.(json|jsonl|csv|parquet))?(\.gz)?$", "")
    if not names:
        return stem
    pairs = [F.lit(text) for pair in names.items() for text in pair]
    return F.coalesce(F.element_at(F.create_map(*pairs), stem), stem)


def products(raw: DataFrame, *, domains: Mapping[str, str]) -> DataFrame:
    """Columns of `tables.PRODUCTS`, the latest record of each product."""
    domain = F.coalesce(F.try_element_at("category", F.lit(1)), file_domain(domains))
    return latest(raw.withColumn("domain", domain), key=("product_id",))


def reviews(raw: DataFrame, *, domains: Mapping[str, str]) -> DataFrame:
    """Columns of `tables.REVIEWS`, the latest record of each review.

    A review is identified by product, person, time and the variant that was bought;
    without a person or a time its text is part of what identifies it.
    """
    variant = F.coalesce("variant", F.lit(""))
    by_time = hashed("review", "product_id", "user_id", "reviewed_at", variant)
    by_text = hashed(
        "review", "product_id", F.coalesce("user_id", F.lit("")), variant, "text"
    )
    is_known = F.col("user_id").isNotNull() & F.col("reviewed_at").isNotNull()
    review_id = F.coalesce("given_id", F.when(is_known, by_time).otherwise(by_text))
    rows = raw.withColumns({"review_id": review_id, "domain": file_domain(domains)})
    return latest(rows, key=("review_id",)).drop("given_id", "variant")


def questions(
    raw: DataFrame, stored: DataFrame, *, domains: Mapping[str, str]
) -> DataFrame:
    """Columns of `tables.QUESTIONS`: what is known of each question that was sent.

    The flat shape knows no asker, the nested one does: a later record fills what an
    earlier one lacks, and a missing value erases nothing.

    Args:
        raw: Rows of `jobs.sources.questions`.
        stored: Columns of `tables.QUESTIONS`.
        domains: Name of a file to domain.
    """
    question_id = F.coalesce("given_id", hashed("question", "product_id", "text"))
    rows = raw.withColumns({"question_id": question_id, "domain": file_domain(domains)})
    return filled(rows, stored, key="question_id")


def answers(
    raw: DataFrame, stored: DataFrame, *, domains: Mapping[str, str]
) -> DataFrame:
    """Columns of `tables.COMMUNITY_ANSWERS`: what is known of each answer sent.

    An answer is identified by question, person and time; without a person or a time
    its text is part of what identifies it.

    Args:
        raw: Rows of `jobs.sources.questions`.
        stored: Columns of `tables.COMMUNITY_ANSWERS`.
        domains: Name of a file to domain.
    """
    question_id = F.coalesce(
        "given_question_id", hashed("question", "product_id", "question")
    )
    by_person = hashed("answer", "question_id", "user_id", "answered_at")
    by_text = hashed("answer", "question_id", F.coalesce("user_id", F.lit("")), "text")
    is_known = F.col("user_id").isNotNull() & F.col("answered_at").isNotNull()
    rows = raw.withColumn("question_id", question_id).withColumns(
        {
            "answer_id": F.coalesce(
                "given_id", F.when(is_known, by_person).otherwise(by_text)
            ),
            "domain": file_domain(domains),
        }
    )
    return filled(rows, stored, key="answer_id").withColumns(
        {
            "n_helpful": F.coalesce("n_helpful", F.lit(0)),
            "n_votes": F.coalesce("n_votes", F.lit(0)),
        }
    )


def under_names(told: DataFrame, stored: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The answers that stay, and the answer_id of stored ones that they make void.

    An answer without a person whose text stands under a person's name too is the same
    answer: it is not written, and goes if it was.

    Args:
        told: As `answers` gives them.
        stored: Columns of `tables.COMMUNITY_ANSWERS`.
    """
    is_named = F.col("user_id").isNotNull()
    named = told.filter(is_named).unionByName(stored.filter(is_named))
    # Several people may have given the same answer.
    named = named.select("question_id", "text").distinct()
    twin = ["question_id", "text"]
    kept = told.filter(is_named).unionByName(
        told.filter(~is_named).join(named, on=twin, how="left_anti")
    )
    void = stored.filter(~is_named).join(named, on=twin, how="left_semi")
    # One that has got its name under the same id is changed, not void.
    void = void.select("answer_id").join(kept, on="answer_id", how="left_anti")
    return kept, void


def purchases(raw: DataFrame, stored: DataFrame) -> DataFrame:
    """Columns of `tables.PURCHASES` of recorded purchases, at their first time."""
    bought = raw.select("user_id", "product_id", "purchased_at")
    known = stored.filter(F.col("evidence") == "purchase").select(bought.columns)
    # Somebody may buy a product again.
    sent = bought.select("user_id", "product_id").distinct()
    known = known.join(sent, on=["user_id", "product_id"], how="left_semi")
    return _evidence(bought.unionByName(known), "purchase")


def evidence(
    reviews: DataFrame, answers: DataFrame, *, has_answerer_evidence: bool
) -> DataFrame:
    """Columns of `tables.PURCHASES` that follow from other tables.

    Args:
        reviews: Columns of `tables.REVIEWS`; a verified one is a purchase.
        answers: Columns of `tables.COMMUNITY_ANSWERS`; who answers usually owns.
        has_answerer_evidence: Whether answers count.
    """
    is_known = F.col("user_id").isNotNull()
    verified = reviews.filter(is_known & F.col("is_verified")).select(
        "user_id", "product_id", F.col("reviewed_at").alias("purchased_at")
    )
    rows = _evidence(verified, "verified_review")
    if not has_answerer_evidence:
        return rows
    answered = answers.filter(is_known).select(
        "user_id", "product_id", F.col("answered_at").alias("purchased_at")
    )
    return rows.unionByName(_evidence(answered, "community_answer"))


def _evidence(rows: DataFrame, kind: str) -> DataFrame:
    return rows.groupBy("user_id", "product_id").agg(
        F.lit(kind).alias("evidence"), F.min("purchased_at").alias("purchased_at")
    )


def latest(rows: DataFrame, *, key: Sequence[str]) -> DataFrame:
    """The latest row of each key, without its place in the file.

    Grain: one row per key.
    """
    newest = Window.partitionBy(*key).orderBy(*(F.desc(name) for name in _ORDER))
    ranked = rows.withColumn("_nth", F.row_number().over(newest))
    return ranked.filter(F.col("_nth") == 1).drop("_nth")


def filled(rows: DataFrame, stored: DataFrame, *, key: str) -> DataFrame:
    """The newest known value of every column of each key among `rows`.

    Grain: one row per key of `rows`; columns of `stored`.
    """
    order = F.struct(*_ORDER)
    names = [name for name in stored.columns if name != key]
    sent = rows.groupBy(key).agg(
        *(
            F.max_by(name, F.when(F.col(name).isNotNull(), order)).alias(name)
            for name in names
        )
    )
    before = stored.select(key, *(F.col(name).alias(f"_{name}") for name in names))
    known = sent.join(before, on=key, how="left")
    return known.select(
        *(
            F.col(key) if name == key else F.coalesce(name, f"_{name}").alias(name)
            for name in stored.columns
        )
    )
