"""The sentences of every text about a product."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SEPARATOR = "\x1f"


def source_texts(
    products: DataFrame, reviews: DataFrame, answers: DataFrame, domains: DataFrame
) -> DataFrame:
    """Every text about a product, as it is stored.

    Grain: one row per (product_id, source, source_id).

    Args:
        products: Columns of `tables.PRODUCTS`.
        reviews: Columns of `tables.REVIEWS`.
        answers: Columns of `tables.COMMUNITY_ANSWERS`.
        domains: product_id, domain.

    Returns:
        product_id, domain, source, source_id, source_text.
    """
    texts = (
        _texts(reviews, "review", id_column="review_id")
        .unionByName(_texts(answers, "community_answer", id_column="answer_id"))
        .unionByName(_elements(products, "bullet", column="bullets"))
        .unionByName(_elements(products, "description", column="descriptions"))
    )
    # Every product with a text has one domain, so no row is lost or multiplied.
    return texts.join(domains, on="product_id", how="inner").select(
        "product_id", "domain", "source", "source_id", "source_text"
    )


def split(texts: DataFrame, *, spans: Callable[[str], Column]) -> DataFrame:
    """The sentences of the texts.

    Grain: one row per sentence; `text == source_text[begin:end]`.

    Args:
        texts: As `source_texts` gives them.
        spans: Takes the name of a text column, gives its array of (begin, end).

    Returns:
        Columns of `tables.SENTENCES`.
    """
    placed = texts.select("*", spans("source_text").alias("spans"))
    # One row becomes as many as the text has sentences.
    pieces = placed.select(
        "product_id",
        "domain",
        "source",
        "source_id",
        "source_text",
        F.posexplode("spans").alias("position", "span"),
    )
    begin, end = F.col("span.begin"), F.col("span.end")
    sentences = pieces.withColumns(
        {
            "begin": begin,
            "end": end,
            "text": F.substr("source_text", begin + 1, end - begin),
        }
    )
    identity = F.concat_ws(
        SEPARATOR, "product_id", "source", "source_id", "position", "text"
    )
    return sentences.select(
        F.sha2(identity, 256).alias("sentence_id"),
        "product_id",
        "domain",
        "source",
        "source_id",
        "position",
        "begin",
        "end",
        F.sha2("text", 256).alias("text_hash"),
        "text",
    )


def _texts(rows: DataFrame, source: str, *, id_column: str) -> DataFrame:
    return rows.select(
        "product_id",
        F.lit(source).alias("source"),
        F.col(id_column).alias("source_id"),
        F.col("text").alias("source_text"),
    )


def _elements(products: DataFrame, source: str, *, column: str) -> DataFrame:
    """One row per element of an array of texts, named product_id#index."""
    elements = products.select(
        "product_id", F.posexplode(column).alias("index", "source_text")
    )
    return elements.select(
        "product_id",
        F.lit(source).alias("source"),
        F.concat_ws("#", "product_id", "index").alias("source_id"),
        "source_text",
    ).filter(F.col("source_text").isNotNull())
