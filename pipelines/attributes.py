"""From a product's texts to its attribute values: what is missing, and the best."""

from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from pipelines.lanes import lane
from pipelines.tables import ATTRIBUTE_SOURCES


def product_texts(
    products: DataFrame, reviews: DataFrame, *, sources: Sequence[str]
) -> DataFrame:
    """The texts that may hold an attribute's value, as they are stored; none blank.

    Grain: one row per (product_id, source, source_id).

    Args:
        products: Columns of `tables.PRODUCTS`.
        reviews: Columns of `tables.REVIEWS`.
        sources: Of `tables.ATTRIBUTE_SOURCES`.

    Returns:
        product_id, source, source_id, context_hash, context.
    """
    title = F.array(_text("title", F.col("product_id"), F.col("title")))
    own = F.concat(
        title, _elements("bullet", "bullets"), _elements("description", "descriptions")
    )
    # One row per product becomes one per text.
    written = products.select("product_id", F.explode(own).alias("text"))
    said = reviews.select(
        "product_id",
        _text("review", F.col("review_id"), F.col("text")).alias("text"),
    )
    texts = written.unionByName(said).select("product_id", "text.*")
    kept = texts.filter(
        F.col("source").isin(*sources) & (F.trim("context") != F.lit(""))
    )
    return kept.select(
        "product_id",
        "source",
        "source_id",
        F.sha2("context", 256).alias("context_hash"),
        "context",
    )


def _text(source: str, source_id: Column, context: Column) -> Column:
    return F.struct(
        F.lit(source).alias("source"),
        source_id.alias("source_id"),
        context.alias("context"),
    )


def _elements(source: str, column: str) -> Column:
    """Array of the texts of an array column, named product_id#index."""
    texts = F.coalesce(F.col(column), F.array().cast("array<string>"))
    return F.transform(
        texts,
        lambda text, index: _text(
            source, F.concat_ws("#", "product_id", index.cast("string")), text
        ),
    )


def missing_examples(texts: DataFrame, asked: DataFrame, spans: DataFrame) -> DataFrame:
    """The attributes that a model has not looked for in a text.

    The same text may stand in many products: it is read once, for all that any of
    them is asked for.

    Grain: one row per context_hash that lacks something.

    Args:
        texts: As `product_texts` gives them.
        asked: As `asked_attributes` gives them.
        spans: Rows of `tables.ATTRIBUTE_SPANS` of the model.

    Returns:
        context_hash, context, attributes (array, sorted, each once), lane.
    """
    wanted = texts.join(asked, on="product_id", how="inner").groupBy("context_hash")
    # As a set: products of one category are asked the same, and may be very many.
    of_text = wanted.agg(
        F.min("context").alias("context"),
        F.flatten(F.collect_set("attributes")).alias("wanted"),
    )
    known = spans.groupBy("context_hash").agg(F.collect_set("attribute").alias("known"))
    none = F.array().cast("array<string>")
    lacking = F.array_except("wanted", F.coalesce("known", none))
    missing = of_text.join(known, on="context_hash", how="left").select(
        "context_hash",
        "context",
        F.array_sort(lacking).alias("attributes"),
        lane(F.xxhash64("context_hash")),
    )
    return missing.filter(F.size("attributes") > 0)


def specified_values(products: DataFrame, stated: Column) -> DataFrame:
    """The shop's own value of each attribute that it states for a product.

    Grain: one row per (product_id, attribute).

    Args:
        products: Columns of `tables.PRODUCTS`.
        stated: Map column of them: normal name to the shop's value.

    Returns:
        product_id, attribute, specified.
    """
    # One row per product becomes one per attribute that it states.
    return products.select(
        "product_id", F.explode(stated).alias("attribute", "specified")
    )


def choose_attributes(
    texts: DataFrame,
    asked: DataFrame,
    spans: DataFrame,
    thresholds: DataFrame,
    specified: DataFrame,
    *,
    threshold: float,
    normal_values: Callable[[str], Column],
    agreeing: Callable[[str, str], Column],
    model_name: str,
    run_id: str,
) -> DataFrame:
    """The surest value of each attribute that a product is asked for.

    A value that agrees with the shop's own comes before one that does not, however
    sure: texts speak of other products too. One place in a text is the value of one
    attribute: of those that agree there, else of the one of the highest score; and of
    those that share values with it, where the shop states none of them for the
    product. Places are the same where begin and end are.

    Grain: one row per (product_id, attribute). Ties go to the title, then bullets,
    descriptions, reviews, the smaller source_id and the smaller begin.

    Args:
        texts: As `product_texts` gives them.
        asked: As `asked_attributes` gives them.
        spans: Rows of `tables.ATTRIBUTE_SPANS` of one model.
        thresholds: attribute, threshold: lowest score of a value, in [0, 1].
        specified: As `specified_values` gives them.
        threshold: Of the attributes that `thresholds` lacks.
        normal_values: Takes the name of a text column, gives its canonical form.
        agreeing: Takes the names of two text columns, says whether they agree.
        model_name: Method of the model.
        run_id: This run.

    Returns:
        Columns of `tables.ATTRIBUTE_VALUES`.
    """
    lowest = F.coalesce("threshold", F.lit(threshold))
    sure = spans.join(F.broadcast(thresholds), on="attribute", how="left").filter(
        F.col("value").isNotNull() & (F.col("score") >= lowest)
    )
    # A text of several products may hold what only others of them are asked for.
    claimed = (
        texts.join(sure, on="context_hash", how="inner")
        .join(asked, on="product_id", how="inner")
        .filter(F.array_contains("attributes", F.col("attribute")))
        .withColumn("partners", _partners())
        .drop("attributes", "sharing")
    )
    # By product once, for all windows.
    told = (
        claimed.join(specified, on=["product_id", "attribute"], how="left")
        .repartition("product_id")
        .withColumn(
            "is_agreed", F.coalesce(agreeing("value", "specified"), F.lit(False))
        )
    )
    owned = _owned(told).withColumn("normalized_value", normal_values("value"))
    trust = F.array_position(F.array(*map(F.lit, ATTRIBUTE_SOURCES)), F.col("source"))
    best_first = Window.partitionBy("product_id", "attribute").orderBy(
        F.desc("is_agreed"), F.desc("score"), trust, "source_id", "begin"
    )
    alike = Window.partitionBy("product_id", "attribute", "normalized_value")
    ranked = owned.withColumns(
        {
            "n_agreeing": (F.count(F.lit(1)).over(alike) - 1).cast("int"),
            "rank": F.row_number().over(best_first),
        }
    )
    return ranked.filter(F.col("rank") == 1).select(
        "product_id",
        "attribute",
        "value",
        "normalized_value",
        "source",
        "source_id",
        "begin",
        "end",
        "score",
        "n_agreeing",
        _verdict().alias("verdict"),
        "specified",
        F.lit(run_id).alias("run_id"),
        F.lit(model_name).alias("model_name"),
        "model_fp",
        "scored_at",
    )


def _owned(told: DataFrame) -> DataFrame:
    """Without values whose place is another attribute's, unless the two share."""
    surest_first = Window.partitionBy(
        "product_id", "source", "source_id", "begin", "end"
    ).orderBy(F.desc("is_agreed"), F.desc("score"), "attribute")
    named = told.withColumn("owner", F.first("attribute").over(surest_first))
    is_own = F.col("is_agreed") | (F.col("owner") == F.col("attribute"))
    is_shared = F.col("specified").isNull() & F.array_contains(
        "partners", F.col("owner")
    )
    return named.filter(is_own | is_shared)


def _partners() -> Column:
    """Attributes that may have one value with the row's."""
    own = F.filter("sharing", lambda pair: pair["other"] == F.col("attribute"))
    return F.transform(own, lambda pair: pair["attribute"])


def _verdict() -> Column:
    """Whether the value adds to the shop's own, agrees with it, or contradicts it."""
    return (
        F.when(F.col("specified").isNull(), F.lit("adds"))
        .when(F.col("is_agreed"), F.lit("agrees"))
        .otherwise(F.lit("contradicts"))
    )
