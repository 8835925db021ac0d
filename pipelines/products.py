"""What holds for a product as a whole: its domain, and its enriched row."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def product_domains(products: DataFrame, *texts: DataFrame) -> DataFrame:
    """The domain of every product that has metadata or a text.

    Grain: one row per product_id. The catalogue's domain counts first; else the name
    that most rows of the first of `texts` that knows the product carry, ties to the
    smaller name, so one more file does not move a product.

    Args:
        products: Columns of `tables.PRODUCTS`.
        texts: Frames with product_id and domain, such as `tables.REVIEWS`, the more
            trusted first.

    Returns:
        product_id, domain.
    """
    known = products.select("product_id", "domain", F.lit(0).alias("trust"))
    for trust, rows in enumerate(texts, start=1):
        found = _usual_domains(rows).withColumn("trust", F.lit(trust))
        known = known.unionByName(found.select(known.columns))
    return known.groupBy("product_id").agg(F.min_by("domain", "trust").alias("domain"))


def _usual_domains(rows: DataFrame) -> DataFrame:
    counts = rows.groupBy("product_id", "domain").agg(F.count(F.lit(1)).alias("n_rows"))
    # Most rows first, then the smaller name: the least struct under this order.
    order = F.struct((-F.col("n_rows")).alias("n"), F.col("domain").alias("domain"))
    return counts.groupBy("product_id").agg(F.min(order)["domain"].alias("domain"))


def enriched(
    domains: DataFrame,
    products: DataFrame,
    reviews: DataFrame,
    questions: DataFrame,
    answers: DataFrame,
    values: DataFrame,
    *,
    run_id: str,
) -> DataFrame:
    """One row a product with its answered questions and attributes nested.

    Grain: one row per product_id of `domains`.

    Args:
        domains: product_id, domain, as `product_domains` gives them.
        products: Columns of `tables.PRODUCTS`.
        reviews: Columns of `tables.REVIEWS`.
        questions: Columns of `tables.QUESTIONS`.
        answers: Columns of `tables.REVIEW_ANSWERS`.
        values: Columns of `tables.ATTRIBUTE_VALUES`.
        run_id: This run.

    Returns:
        Columns of `tables.ENRICHED_PRODUCTS`.
    """
    rated = reviews.groupBy("product_id").agg(
        F.count(F.lit(1)).alias("n_reviews"),
        F.round(F.avg("rating"), 6).alias("mean_rating"),
    )
    asked = questions.groupBy("product_id").agg(F.count(F.lit(1)).alias("n_questions"))
    rows = (
        domains.join(products.drop("domain"), on="product_id", how="left")
        .join(rated, on="product_id", how="left")
        .join(asked, on="product_id", how="left")
        .join(_nested_answers(answers), on="product_id", how="left")
        .join(_nested_values(values), on="product_id", how="left")
    )
    return rows.select(
        "product_id",
        "domain",
        "title",
        "brand",
        "price",
        _or_zero("n_reviews"),
        "mean_rating",
        _or_zero("n_questions"),
        F.coalesce(F.size("answered_questions"), F.lit(0))
        .cast("bigint")
        .alias("n_answered_questions"),
        F.lit(run_id).alias("run_id"),
        "model_name",
        "model_fp",
        F.greatest("answers_scored_at", "values_scored_at").alias("scored_at"),
        "category",
        _or_empty(rows, "answered_questions"),
        _or_empty(rows, "attributes"),
    )


def _or_zero(name: str) -> Column:
    return F.coalesce(F.col(name), F.lit(0)).cast("bigint").alias(name)


def _or_empty(rows: DataFrame, name: str) -> Column:
    return F.coalesce(name, F.array().cast(rows.schema[name].dataType)).alias(name)


def _nested_answers(answers: DataFrame) -> DataFrame:
    """Per product the array of its answered questions, and who scored them."""
    by_question = answers.groupBy("product_id", "question_id").agg(
        F.min("question").alias("question"),
        F.array_sort(
            F.collect_list(F.struct("rank", "score", "sentence_id", "sentence"))
        ).alias("answers"),
        F.max("model_name").alias("model_name"),
        F.max("model_fp").alias("model_fp"),
        F.max("scored_at").alias("scored_at"),
    )
    return by_question.groupBy("product_id").agg(
        F.array_sort(
            F.collect_list(F.struct("question_id", "question", "answers"))
        ).alias("answered_questions"),
        F.max("model_name").alias("model_name"),
        F.max("model_fp").alias("model_fp"),
        F.max("scored_at").alias("answers_scored_at"),
    )


def _nested_values(values: DataFrame) -> DataFrame:
    """Per product the array of its attribute values, by name of the attribute."""
    value = F.struct(
        "attribute", "value", "normalized_value", "score", "verdict", "source"
    )
    return values.groupBy("product_id").agg(
        F.array_sort(F.collect_list(value)).alias("attributes"),
        F.max("scored_at").alias("values_scored_at"),
    )
