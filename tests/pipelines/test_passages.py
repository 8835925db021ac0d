"""From questions and sentences to blocks, and from their scores to ranks."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from pipelines.passages import (
    asked_texts,
    both_sides,
    missing_texts,
    passages_of,
    rank_passages,
    retrieval_blocks,
)
from pipelines.tables import QUESTION_PASSAGES, QUESTIONS, SENTENCES, TEXT_VECTORS

pytestmark = pytest.mark.spark
ALL = ("review", "bullet", "description", "community_answer")


def questions(spark, *rows, n=2):
    full = [
        (name, product, None, None, None, "d", "f", text)
        for name, product, text in rows
    ]
    return spark.createDataFrame(full, QUESTIONS.schema).repartition(n)


def sentences(spark, *rows, n=2):
    full = [
        {
            "sentence_id": name,
            "product_id": product,
            "domain": "d",
            "source": source,
            "source_id": "x",
            "position": 0,
            "begin": 0,
            "end": len(text),
            "text": text,
            "text_hash": f"h {text}",
        }
        for name, product, source, text in rows
    ]
    ordered = [tuple(row[name] for name in SENTENCES.columns) for row in full]
    return spark.createDataFrame(ordered, SENTENCES.schema).repartition(n)


def vectors(spark, *rows):
    now = dt.datetime(2026, 1, 1)
    full = [(hashed, side, "m", now, vector) for hashed, side, vector in rows]
    return spark.createDataFrame(full, TEXT_VECTORS.schema)


def rows_of(frame, *names):
    return sorted(tuple(row[name] for name in names) for row in frame.collect())


@pytest.mark.parametrize("n", [1, 3])
def test_a_text_of_an_asked_product_is_one_passage(spark, n):
    asked = questions(spark, ("q1", "p", "big?"), ("q2", "p", "red?"), n=n)
    said = sentences(
        spark,
        ("s2", "p", "bullet", "It is big."),
        ("s1", "p", "review", "It is big."),
        ("s3", "p", "title", "Red."),
        ("s4", "p", "description", "Blue."),
        ("s5", "other", "review", "Nobody asked."),
        n=n,
    )
    found = passages_of(asked, said, sources=ALL)
    assert rows_of(
        found, "product_id", "text_hash", "sentence_id", "source", "text"
    ) == [
        ("p", "h Blue.", "s4", "description", "Blue."),
        ("p", "h It is big.", "s1", "review", "It is big."),
    ]
    few = passages_of(asked, said, sources=("bullet",))
    assert rows_of(few, "sentence_id") == [("s2",)]


def test_texts_are_missing_by_their_side_and_once(spark):
    asked = asked_texts(
        questions(spark, ("q1", "p", "big?"), ("q2", "r", "big?"), ("q3", "p", "red?"))
    )
    said = passages_of(
        questions(spark, ("q1", "p", "x"), ("q2", "r", "x")),
        sentences(
            spark,
            ("s1", "p", "review", "Big."),
            ("s2", "r", "review", "Big."),
            ("s3", "r", "review", "Red."),
        ),
        sources=ALL,
    )
    texts = both_sides(asked, said)
    hashed = {
        row.text: row.text_hash for row in texts.filter("side = 'question'").collect()
    }
    known = vectors(
        spark, (hashed["red?"], "question", b"ab"), (hashed["big?"], "passage", b"ab")
    )
    found = missing_texts(texts, known)
    assert rows_of(found, "side", "text") == [
        ("passage", "Big."),
        ("passage", "Red."),
        ("question", "big?"),
    ]
    assert all(0 <= row.lane < 1 << 16 for row in found.collect())


@pytest.mark.parametrize("n", [1, 3])
def test_every_question_meets_every_passage_once_in_blocks_of_bounded_size(spark, n):
    names = [f"{place:02}" for place in range(5)]
    asked = asked_texts(
        questions(spark, *((f"q{x}", "p", f"q {x}") for x in names), n=n)
    )
    said = passages_of(
        questions(spark, ("q", "p", "x")),
        sentences(spark, *((f"s{x}", "p", "review", f"s {x}") for x in names), n=n),
        sources=ALL,
    )
    stored = vectors(
        spark,
        *((row.text_hash, "question", row.text.encode()) for row in asked.collect()),
        *((row.text_hash, "passage", row.text.encode()) for row in said.collect()[1:]),
    )
    found = retrieval_blocks(asked, said, stored, block_questions=2, block_passages=3)
    blocks = found.collect()
    met = []
    for block in blocks:
        assert block.product_id == "p"
        assert len(block.question_ids) <= 2
        assert len(block.sentence_ids) <= 3
        assert block.question_ids == sorted(block.question_ids)
        assert [bytes(one) for one in block.question_vectors] == [
            f"q {name[1:]}".encode() for name in block.question_ids
        ]
        assert [bytes(one) for one in block.passage_vectors] == [
            f"s {name[1:]}".encode() for name in block.sentence_ids
        ]
        met += [(q, s) for q in block.question_ids for s in block.sentence_ids]
    with_vector = [row.sentence_id for row in said.collect()[1:]]
    assert sorted(met) == sorted(
        (f"q{x}", sentence) for x in names for sentence in with_vector
    )
    assert len(blocks) == 3 * 2


@pytest.mark.parametrize("n", [1, 3])
def test_the_best_of_all_blocks_are_ranked_ties_by_the_smaller_id(spark, n):
    asked = asked_texts(questions(spark, ("q1", "p", "big?")))
    said = passages_of(
        questions(spark, ("q1", "p", "x")),
        sentences(spark, *((f"s{x}", "p", "review", f"text {x}") for x in range(4))),
        sources=ALL,
    )
    scored = spark.createDataFrame(
        [
            ("p", "q1", name, logit, score)
            for name, logit, score in (
                ("s3", 40.0, 1.0),
                ("s1", 40.0, 1.0),
                ("s0", 2.0, 0.9),
                ("s2", 50.0, 1.0),  # first by what the score can't tell
            )
        ],
        "product_id string, question_id string, sentence_id string,"
        " similarity double,"
        " score double",
    ).repartition(n)
    found = rank_passages(
        scored,
        asked,
        said,
        top_k=3,
        model_name="m",
        model_fp="f",
        scored_at=F.lit(dt.datetime(2026, 1, 1)),
        run_id="r",
    )
    assert found.columns == QUESTION_PASSAGES.columns
    assert rows_of(found, "rank", "sentence_id", "score", "question", "passage") == [
        (1, "s2", 1.0, "big?", "text 2"),
        (2, "s1", 1.0, "big?", "text 1"),
        (3, "s3", 1.0, "big?", "text 3"),
    ]


def test_nothing_gives_nothing(spark):
    asked = asked_texts(questions(spark))
    said = passages_of(questions(spark), sentences(spark), sources=ALL)
    texts = both_sides(asked, said)
    assert missing_texts(texts, vectors(spark)).count() == 0
    blocks = retrieval_blocks(
        asked, said, vectors(spark), block_questions=2, block_passages=2
    )
    assert blocks.count() == 0
