"""Pairs to train on and pairs to score."""

import math
from itertools import product as cross

import pytest

from pipelines.pairs import qa_pairs, qr_pairs
from pipelines.tables import COMMUNITY_ANSWERS, QA_PAIRS, QR_PAIRS, QUESTIONS, SENTENCES

pytestmark = pytest.mark.spark
DOMAINS = "product_id string, domain string"
NOUNS = "text_hash string, nouns array<string>, n_tokens int"
ASPECTS = "domain string, noun string"


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


ASKED = {"q1": ["cable"], "q2": ["cable", "box", "other"], "q3": ["box"], "q4": []}
SAID = {
    "s1": ["cable"],
    "s2": ["box", "cable"],
    "s3": ["box", "box"],
    "s4": ["other"],
    "s5": ["box"],
}
WORDS = ("cable", "box")


def candidates(spark, *, per_question=10, per_product=100, partitions=2, twice=()):
    asked = [(name, "p", name) for name in ASKED]
    said = [
        (f"id {name}{extra}", "p", "A", "review", "r", 0, 0, 1, f"h{name}", name)
        for extra, names in (("", SAID), (" again", twice))
        for name in names
    ]
    frame = questions(spark, asked)
    hashes = {
        row.text: row.hash
        for row in frame.selectExpr("text", "sha2(text, 256) AS hash").collect()
    }
    tagged = [(hashes[name], nouns, 1) for name, nouns in ASKED.items()]
    tagged += [(f"h{name}", nouns, 1) for name, nouns in SAID.items()]
    return qr_pairs(
        frame.repartition(partitions),
        spark.createDataFrame(said, SENTENCES.schema).repartition(partitions),
        spark.createDataFrame(tagged, NOUNS),
        spark.createDataFrame([("A", word) for word in WORDS], ASPECTS),
        spark.createDataFrame([("p", "A")], DOMAINS),
        max_pairs_per_question=per_question,
        max_pairs_per_product=per_product,
    )


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_pair_shares_at_least_one_aspect_noun(spark, partitions):
    found = candidates(spark, partitions=partitions)
    expected = {
        (question, f"id {sentence}"): sorted(shared)
        for (question, asked), (sentence, said) in cross(ASKED.items(), SAID.items())
        if (shared := set(asked) & set(said) & set(WORDS))
    }
    rows = found.pairs.collect()
    pairs = {(row.question_id, row.sentence_id): row.shared_nouns for row in rows}
    assert found.pairs.columns == QR_PAIRS.columns
    assert pairs == expected
    assert [tuple(row) for row in found.found.collect()] == [("p", len(expected))]


def test_the_limits_keep_the_best_and_tell_how_many_there_were(spark):
    def weight(sentence):
        n_with = {word: sum(word in nouns for nouns in SAID.values()) for word in WORDS}
        shared = set(SAID[sentence]) & set(ASKED["q2"]) & set(WORDS)
        return sum(math.log1p(len(SAID) / n_with[word]) for word in shared)

    ranked = sorted(
        (name for name in SAID if weight(name)), key=lambda name: (-weight(name), name)
    )
    found = candidates(spark, per_question=2)
    kept = {
        row.sentence_id for row in found.pairs.filter("question_id = 'q2'").collect()
    }
    assert kept == {f"id {name}" for name in ranked[:2]}
    assert [row.n_found for row in found.found.collect()] == [9]


def test_a_product_keeps_the_best_of_each_question_first(spark):
    rows = candidates(spark, per_product=3).pairs.collect()
    assert sorted(row.question_id for row in rows) == ["q1", "q2", "q3"]


def test_a_text_said_twice_is_one_candidate(spark):
    rows = candidates(spark, twice=("s1",)).pairs.filter("question_id = 'q1'").collect()
    assert sorted(row.sentence_id for row in rows) == ["id s1", "id s2"]
