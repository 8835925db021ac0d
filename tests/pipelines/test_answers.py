"""What is missing, its blocks, and the ranking."""

import datetime as dt
from collections import Counter

import pytest

from pipelines.answers import blocks, missing_pairs, rank_answers, with_block
from pipelines.lanes import LANES
from pipelines.tables import (
    ANSWER_SCORES,
    QR_PAIRS,
    QUESTIONS,
    REVIEW_ANSWERS,
    SENTENCES,
)

pytestmark = pytest.mark.spark
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def pairs_of(spark, rows):
    full = [
        (f"{q}/{s}", product, q, s, f"h{q}", f"h{s}", ["noun"])
        for product, q, s in rows
    ]
    return spark.createDataFrame(full, QR_PAIRS.schema)


def scores_of(spark, rows):
    full = [(f"h{q}", f"h{s}", "fp", score, NOW) for q, s, score in rows]
    return spark.createDataFrame(full, ANSWER_SCORES.schema)


def texts_of(spark, rows):
    asked = sorted({(p, q) for p, q, _ in rows})
    said = sorted({(p, s) for p, _, s in rows})
    questions = [(q, p, None, None, None, "d", "f", f"text {q}") for p, q in asked]
    sentences = [
        (s, p, "d", "review", "r", 0, 0, 1, f"h{s}", f"text {s}") for p, s in said
    ]
    return (
        spark.createDataFrame(questions, QUESTIONS.schema),
        spark.createDataFrame(sentences, SENTENCES.schema),
    )


GRID = [("p", f"q{i}", f"s{j}") for i in range(7) for j in range(11) if (i + j) % 3]


def test_what_is_scored_is_not_missing_and_the_same_texts_are_missing_once(spark):
    rows = [("p1", "q", "s"), ("p2", "q", "s"), ("p1", "q", "t"), ("p1", "r", "s")]
    missing = missing_pairs(pairs_of(spark, rows), scores_of(spark, [("q", "t", 0.5)]))
    found = {
        (row.product_id, row.question_hash, row.sentence_hash)
        for row in missing.collect()
    }
    assert found == {("p1", "hq", "hs"), ("p1", "hr", "hs")}


@pytest.mark.parametrize(("n_questions", "n_sentences"), [(100, 100), (2, 3), (1, 1)])
def test_the_blocks_hold_every_missing_pair_once(spark, n_questions, n_sentences):
    pairs = missing_pairs(pairs_of(spark, GRID), scores_of(spark, []))
    placed = with_block(pairs, block_questions=n_questions, block_sentences=n_sentences)
    rows = blocks(placed, *texts_of(spark, GRID)).collect()
    found = Counter()
    for row in rows:
        assert len(row.questions) == len(set(row.questions))
        assert 0 <= row.lane < LANES
        assert row.question_keys == sorted(set(row.question_keys))
        for asked, said in zip(row.pair_question, row.pair_sentence, strict=True):
            q, s = row.question_keys.index(asked), row.sentence_keys.index(said)
            assert row.questions[q] == f"text {row.question_hashes[q][1:]}"
            assert row.sentences[s] == f"text {row.sentence_hashes[s][1:]}"
            found[row.question_hashes[q], row.sentence_hashes[s]] += 1
    assert found == Counter((f"h{q}", f"h{s}") for _, q, s in GRID)
    assert (len(rows) == 1) == (n_questions == 100)


def test_a_text_that_is_gone_is_null_and_its_pair_stays(spark):
    pairs = missing_pairs(pairs_of(spark, GRID[:4]), scores_of(spark, []))
    placed = with_block(pairs, block_questions=9, block_sentences=9)
    questions, sentences = texts_of(spark, GRID[:4])
    gone = GRID[0][2]
    rest = sentences.filter(f"sentence_id <> '{gone}'")
    (row,) = blocks(placed, questions, rest).collect()
    assert len(row.pair_question) == 4
    told = dict(zip(row.sentence_hashes, row.sentences, strict=True))
    assert [text for text, said in told.items() if said is None] == [f"h{gone}"]


def test_a_product_with_very_many_texts_becomes_blocks_of_bounded_size(spark):
    many = [("p", f"q{i}", f"s{j}") for i in range(40) for j in range(60)]
    pairs = missing_pairs(pairs_of(spark, many), scores_of(spark, []))
    placed = with_block(pairs, block_questions=10, block_sentences=10)
    sizes = [row["count"] for row in placed.groupBy("block").count().collect()]
    assert 3 * 5 <= len(sizes) <= 5 * 7  # 4 * 6, but for the estimate of the texts
    assert max(sizes) <= 4 * 100  # dealt by hash: about ten by ten


def ranked(spark, rows, scores, *, threshold=0.5, top_k=2, partitions=2):
    questions, sentences = texts_of(spark, rows)
    return rank_answers(
        pairs_of(spark, rows).repartition(partitions),
        scores_of(spark, scores),
        questions,
        sentences,
        threshold=threshold,
        top_k=top_k,
        model_name="toy",
        run_id="run",
    )


@pytest.mark.parametrize("partitions", [1, 3])
def test_ties_go_to_the_smaller_sentence_id(spark, partitions):
    rows = [("p", "q", name) for name in ("s3", "s1", "s2", "low")]
    scores = [("q", "s3", 0.7), ("q", "s1", 0.7), ("q", "s2", 0.9), ("q", "low", 0.4)]
    answers = ranked(spark, rows, scores, partitions=partitions)
    assert answers.columns == REVIEW_ANSWERS.columns
    kept = [(row.rank, row.sentence_id) for row in answers.orderBy("rank").collect()]
    assert kept == [(1, "s2"), (2, "s1")]


def test_a_score_at_the_threshold_answers_and_no_score_does_not(spark):
    rows = [("p", "q", "at"), ("p", "q", "below"), ("p", "q", "unscored")]
    scores = [("q", "at", 0.5), ("q", "below", 0.4999)]
    (row,) = ranked(spark, rows, scores).collect()
    assert (row.sentence_id, row.sentence, row.question) == ("at", "text at", "text q")
    assert (row.model_name, row.model_fp, row.run_id) == ("toy", "fp", "run")
