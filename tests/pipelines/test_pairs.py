"""Pairs to train on."""

import pytest

from pipelines.pairs import qa_pairs
from pipelines.tables import COMMUNITY_ANSWERS, QA_PAIRS, QUESTIONS

pytestmark = pytest.mark.spark
DOMAINS = "product_id string, domain string"


def questions(spark, rows):
    full = [(q, p, None, None, None, "f", "f", text) for q, p, text in rows]
    return spark.createDataFrame(full, QUESTIONS.schema)


def answers(spark, rows):
    full = [
        (a, q, p, None, None, helpful, votes, "f", "f", f"text of {a}")
        for a, q, p, helpful, votes in rows
    ]
    return spark.createDataFrame(full, COMMUNITY_ANSWERS.schema)


def training_pairs(spark, *, seed=1, partitions=2):
    asked = [(f"q{i}", f"p{i}", f"question {i}") for i in range(6)]
    said = [(f"a{i}", f"q{i}", f"p{i}", 0, 0) for i in range(6)]
    domains = [(f"p{i}", "A" if i < 5 else "lonely") for i in range(6)]
    return qa_pairs(
        questions(spark, asked).repartition(partitions),
        answers(spark, said).repartition(partitions),
        spark.createDataFrame(domains, DOMAINS),
        n_negatives=2,
        seed=seed,
    )


def test_negatives_answer_other_products_of_the_same_domain(spark):
    pairs = training_pairs(spark)
    assert pairs.columns == QA_PAIRS.columns
    rows = pairs.collect()
    positives = {row.question_id: row.answer_id for row in rows if row.label}
    assert positives == {f"q{i}": f"a{i}" for i in range(6)}
    negatives = [row for row in rows if not row.label]
    assert {row.domain for row in negatives} == {"A"}
    assert all(row.answer_id[1:] != row.question_id[1:] for row in negatives)
    assert "a5" not in {row.answer_id for row in negatives}
    assert len({row.pair_id for row in rows}) == len(rows)
    assert all(row.answer == f"text of {row.answer_id}" for row in rows)


def test_the_draw_depends_on_the_seed_alone(spark):
    def drawn(**more):
        rows = training_pairs(spark, **more).collect()
        return sorted((row.question_id, row.answer_id) for row in rows)

    assert drawn(partitions=1) == drawn(partitions=3)
    assert drawn(seed=1) != drawn(seed=2)


def test_a_new_answer_changes_few_pairs(spark):
    asked = [(f"q{i}", f"p{i}", f"question {i}") for i in range(120)]
    said = [(f"a{i}", f"q{i}", f"p{i}", 0, 0) for i in range(120)]
    domains = spark.createDataFrame([(f"p{i}", "A") for i in range(120)], DOMAINS)

    def pairs(rows):
        made = qa_pairs(
            questions(spark, asked),
            answers(spark, rows),
            domains,
            n_negatives=2,
            seed=1,
        )
        return {row.pair_id for row in made.collect()}

    before, after = pairs(said), pairs([*said, ("new", "q0", "p0", 0, 9)])
    assert len(before) == len(after) == 3 * 120
    assert len(before - after) < 20


def test_the_top_voted_answer_is_the_positive(spark):
    said = [
        ("few", "q", "p", 1, 1),
        ("most", "q", "p", 5, 9),
        ("most disputed", "q", "p", 5, 10),
    ]
    pairs = qa_pairs(
        questions(spark, [("q", "p", "?")]),
        answers(spark, said),
        spark.createDataFrame([("p", "A")], DOMAINS),
        n_negatives=2,
        seed=1,
    )
    assert [(row.answer_id, row.label) for row in pairs.collect()] == [("most", 1)]
