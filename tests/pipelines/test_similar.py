"""From answered questions of a domain to the ranks behind a question's own passages."""

import pytest

from pipelines.similar import (
    answered_questions,
    behind,
    best_of_each,
    most_similar,
    moved,
    question_blocks,
    same_domain,
    their_sentences,
)

pytestmark = pytest.mark.spark
DOMAINS = (("p", "A"), ("q", "A"), ("r", "A"), ("x", "B"))


def frame(spark, schema, *rows, n=2):
    return spark.createDataFrame([*rows], schema).repartition(n)


def domains(spark):
    return frame(spark, "product_id string, domain string", *DOMAINS)


def rows_of(found, *names):
    return sorted(tuple(row[name] for name in names) for row in found.collect())


def asked(spark, *rows, n=2):
    schema = "product_id string, question_id string, text_hash string, text string"
    full = [(product, name, f"h {name}", f"{name}?") for name, product in rows]
    return frame(spark, schema, *full, n=n)


def test_a_change_reaches_the_products_of_its_domain(spark):
    schema = "product_id string, domain string"

    def reached(*rows):
        found = same_domain(frame(spark, schema, *rows), domains(spark))
        return {row.product_id for row in found.collect()}

    assert reached(("q", "file"), ("q", "file"), ("unknown", None)) == {
        "p",
        "q",
        "r",
        "unknown",
    }
    # It stood in B before.
    assert reached(("q", "B")) == {"p", "q", "r", "x"}


def test_a_product_that_stays_in_its_domain_reaches_nobody(spark):
    changed = frame(
        spark,
        "product_id string, domain string, _change_type string",
        ("p", "A", "update_preimage"),
        ("p", "A", "update_postimage"),
        ("q", "A", "update_preimage"),
        ("q", "B", "update_postimage"),
        ("r", "A", "insert"),
    )
    assert rows_of(moved(changed), "product_id", "domain") == [
        ("q", "A"),
        ("q", "B"),
        ("r", "A"),
    ]


@pytest.mark.parametrize("n", [1, 3])
def test_blocks_hold_the_answered_questions_of_a_domain(spark, n):
    questions = asked(
        spark, ("q1", "p"), ("q2", "q"), ("q3", "r"), ("q4", "r"), ("q5", "x"), n=n
    )
    answers = frame(
        spark,
        "question_id string, answer_id string",
        ("q2", "a1"),
        ("q2", "a2"),
        ("q3", "a3"),
        ("q5", "a4"),
    )
    answered = answered_questions(questions, answers, domains(spark))
    assert rows_of(answered, "question_id", "domain") == [
        ("q2", "A"),
        ("q3", "A"),
        ("q5", "B"),
    ]
    vectors = frame(
        spark,
        "text_hash string, side string, vector binary",
        *((f"h q{k}", "question", f"v{k}".encode()) for k in range(1, 6)),
        *((f"h q{k}", "passage", b"no") for k in range(1, 6)),
        n=n,
    )
    blocks = question_blocks(
        questions.join(domains(spark), on="product_id"),
        answered,
        vectors,
        block_asked=3,
        block_answered=1,
    ).collect()
    met = {
        (question, other)
        for row in blocks
        for question in row.asked_ids
        for other in row.answered_ids
    }
    of_a = {(f"q{k}", other) for k in range(1, 5) for other in ("q2", "q3")}
    assert met == of_a | {("q5", "q5")}
    for row in blocks:
        assert len(row.asked_ids) <= 3
        assert len(row.answered_ids) == 1
        assert [bytes(one).decode() for one in row.asked_vectors] == [
            f"v{name[1]}" for name in row.asked_ids
        ]
        owner = {"q1": "p", "q2": "q", "q3": "r", "q4": "r", "q5": "x"}
        assert row.asked_products == [owner[name] for name in row.asked_ids]


def test_one_sentence_of_each_similar_question_stands_behind_the_own(spark):
    found = frame(
        spark,
        "question_id string, similar_id string, cosine double",
        ("q1", "s1", 0.9),
        ("q1", "s2", 0.9),
        ("q1", "s3", 0.7),
        ("q1", "s4", 0.6),
        ("q2", "s1", 0.8),
    )
    similar = most_similar(found, n_similar=3)
    assert rows_of(similar, "question_id", "place", "similar_id") == [
        ("q1", 1, "s1"),
        ("q1", 2, "s2"),
        ("q1", 3, "s3"),
        ("q2", 1, "s1"),
    ]
    answers = frame(
        spark,
        "question_id string, answer_id string",
        ("s1", "a1"),
        ("s1", "a2"),
        ("s2", "a3"),
        ("s3", "a4"),
        ("s4", "a5"),
    )
    said = frame(
        spark,
        "sentence_id string, source string, source_id string, text_hash string,"
        " text string",
        ("t1", "community_answer", "a1", "h", "Yes."),
        ("t2", "community_answer", "a2", "h", "It fits."),
        ("t3", "community_answer", "a3", "h", "It fits."),
        ("t4", "community_answer", "a4", "h", "Known."),
        ("t5", "community_answer", "a5", "h", "Too far."),
        ("t6", "review", "a1", "h", "No answer."),
    )
    candidates = their_sentences(similar, answers, said)
    assert rows_of(candidates, "question_id", "place", "sentence_id") == [
        ("q1", 1, "t1"),
        ("q1", 1, "t2"),
        ("q1", 2, "t3"),
        ("q1", 3, "t4"),
        ("q2", 1, "t1"),
        ("q2", 1, "t2"),
    ]
    scored = frame(
        spark,
        "question_id string, sentence_id string, similarity double, score double",
        ("q1", "t1", 1.0, 0.5),
        ("q1", "t2", 3.0, 0.9),
        ("q1", "t3", 3.0, 0.9),
        ("q1", "t4", 0.5, 0.2),
        ("q2", "t1", 2.0, 0.6),
        ("q2", "t2", 2.0, 0.6),
    )
    best = best_of_each(scored, candidates)
    # The second similar question of q1 has the text of the first.
    assert rows_of(best, "question_id", "place", "sentence_id", "text", "score") == [
        ("q1", 1, "t2", "It fits.", 0.9),
        ("q1", 3, "t4", "Known.", 0.2),
        ("q2", 1, "t1", "Yes.", 0.6),
    ]
    own = frame(
        spark,
        "question_id string, rank int, passage string",
        ("q1", 1, "Mine."),
        ("q1", 2, "Known."),
    )
    told = behind(own, best.withColumnRenamed("text", "passage"))
    assert rows_of(told, "question_id", "rank", "passage") == [
        ("q1", 3, "It fits."),
        ("q2", 1, "Yes."),
    ]
