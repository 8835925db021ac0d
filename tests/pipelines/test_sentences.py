"""Source texts and their sentences."""

import pytest
from pyspark.sql import functions as F

from pipelines.sentences import source_texts, split
from pipelines.tables import COMMUNITY_ANSWERS, PRODUCTS, REVIEWS, SENTENCES

pytestmark = pytest.mark.spark
DOMAINS = "product_id string, domain string"


def halves(text):
    """A native stand-in for Punkt: two halves of the text."""
    half = F.ceil(F.length(text) / 2).cast("int")
    return F.array(
        F.struct(F.lit(0).alias("begin"), half.alias("end")),
        F.struct(half.alias("begin"), F.length(text).alias("end")),
    )


def landed(spark, *, products=(), reviews=(), answers=()):
    return (
        spark.createDataFrame(list(products), PRODUCTS.schema),
        spark.createDataFrame(list(reviews), REVIEWS.schema),
        spark.createDataFrame(list(answers), COMMUNITY_ANSWERS.schema),
    )


def product(product_id, bullets, descriptions):
    return (product_id, "d", [], "t", None, None, bullets, descriptions, {}, "f")


def test_every_text_of_a_product_is_a_source(spark):
    frames = landed(
        spark,
        products=[product("p", ["b0", None, "b2"], None)],
        reviews=[("r", "p", None, None, None, None, "d", "f", None, "text")],
        answers=[("a", "q", "p", None, None, 0, 0, "d", "f", "said")],
    )
    texts = source_texts(*frames, spark.createDataFrame([("p", "D")], DOMAINS))
    found = {
        (row.source, row.source_id, row.source_text, row.domain)
        for row in texts.collect()
    }
    assert found == {
        ("bullet", "p#0", "b0", "D"),
        ("bullet", "p#2", "b2", "D"),
        ("review", "r", "text", "D"),
        ("community_answer", "a", "said", "D"),
    }


@pytest.mark.parametrize("partitions", [1, 3])
def test_offsets_count_characters_not_bytes_or_surrogates(spark, partitions):
    text = "😀é שלום x"
    texts = spark.createDataFrame(
        [("p", "D", "review", "r", text)],
        "product_id string, domain string, source string, source_id string,"
        " source_text string",
    ).repartition(partitions)
    rows = split(texts, spans=halves).orderBy("position").collect()
    assert [text[row.begin : row.end] for row in rows] == [row.text for row in rows]
    assert [(row.position, row.begin, row.end) for row in rows] == [
        (0, 0, 5),
        (1, 5, 9),
    ]


def test_the_same_text_at_two_places_is_two_sentences_with_one_hash(spark):
    texts = spark.createDataFrame(
        [("p", "D", "review", "r1", "ab"), ("p", "D", "review", "r2", "ab")],
        "product_id string, domain string, source string, source_id string,"
        " source_text string",
    )
    rows = split(texts, spans=halves).collect()
    assert len({row.sentence_id for row in rows}) == 4
    assert len({row.text_hash for row in rows}) == 2


def test_no_text_gives_no_sentence_in_the_declared_columns(spark):
    frames = landed(spark)
    texts = source_texts(*frames, spark.createDataFrame([], DOMAINS))
    sentences = split(texts, spans=halves)
    assert sentences.columns == SENTENCES.columns
    assert sentences.collect() == []
