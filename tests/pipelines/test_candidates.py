"""Candidates of questions: by AN-words, and by BM25 against the study's own."""

import math
import random
from collections import Counter
from itertools import product as cross

import pytest
from pyspark.sql import functions as F

from models.candidates import Asked, Pool, bm25_of_words
from models.words import STOP_WORDS, plain_words
from pipelines.candidates import (
    bm25_candidates,
    noun_candidates,
    passage_candidates,
)
from pipelines.tables import QR_PAIRS, QUESTIONS, SENTENCES
from pipelines.words import word_counts

pytestmark = pytest.mark.spark
DOMAINS = "product_id string, domain string"
NOUNS = "text_hash string, nouns array<string>, n_tokens int"
ASPECTS = "domain string, noun string"


def questions(spark, rows):
    full = [(q, p, None, None, None, "f", "f", text) for q, p, text in rows]
    return spark.createDataFrame(full, QUESTIONS.schema)


ASKED = {"q1": ["cable"], "q2": ["cable", "box", "other"], "q3": ["box"], "q4": []}
SAID = {
    "s1": ["cable"],
    "s2": ["box", "cable"],
    "s3": ["box", "box"],
    "s4": ["other"],
    "s5": ["box"],
}
WORDS = ("cable", "box")


def by_nouns(spark, *, per_question=10, per_product=100, partitions=2, twice=()):
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
    return noun_candidates(
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
    found = by_nouns(spark, partitions=partitions)
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
    found = by_nouns(spark, per_question=2)
    kept = {
        row.sentence_id for row in found.pairs.filter("question_id = 'q2'").collect()
    }
    assert kept == {f"id {name}" for name in ranked[:2]}
    assert [row.n_found for row in found.found.collect()] == [9]


def test_a_product_keeps_the_best_of_each_question_first(spark):
    rows = by_nouns(spark, per_product=3).pairs.collect()
    assert sorted(row.question_id for row in rows) == ["q1", "q2", "q3"]


def test_a_text_said_twice_is_one_candidate(spark):
    rows = by_nouns(spark, twice=("s1",)).pairs.filter("question_id = 'q1'").collect()
    assert sorted(row.sentence_id for row in rows) == ["id s1", "id s2"]


# The first are frequent, the last rare.
THINGS = ("cable", "battery", "lid", "handle", "strap", "filter", "glass", "series")
SAYINGS = (
    "The {} is {}.",
    "My {}s broke, so I bought a {} of another maker",
    "{} {} {}s",
    "It is what it is!",
    "Does the {} come with a {}?",
)


def catalogue(seed, *, n_products=5, n_sentences=30, n_questions=8):
    """Questions and sentences of products of two domains, some of them said twice."""
    drawn = random.Random(seed)

    def text():
        saying = drawn.choice(SAYINGS)
        things = [THINGS[int(len(THINGS) * drawn.random() ** 2)] for _ in range(3)]
        return saying.format(*things, "")

    products = [f"p{place}" for place in range(n_products)]
    domain_of = {product: "AB"[place % 2] for place, product in enumerate(products)}
    said = [
        (f"s{place:04}", product, text())
        for place, product in enumerate(products * n_sentences)
    ]
    asked = [
        (f"q{place:03}", product, text())
        for place, product in enumerate(products * n_questions)
    ]
    return domain_of, said, asked


def by_bm25(spark, domain_of, said, asked, *, counted=None, partitions=2, **limits):
    rows = [
        (one, product, domain_of[product], "review", "r", 0, 0, 1, f"h {text}", text)
        for one, product, text in said
    ]
    sentences = spark.createDataFrame(rows, SENTENCES.schema)
    known = sentences if counted is None else sentences.filter(counted)
    return bm25_candidates(
        questions(spark, asked).repartition(partitions),
        sentences.repartition(partitions),
        word_counts(known, stop_words=STOP_WORDS),
        spark.createDataFrame(list(domain_of.items()), DOMAINS),
        stop_words=STOP_WORDS,
        **{
            "min_score": 0.0,
            "max_pairs_per_question": 1000,
            "max_pairs_per_product": 100000,
            **limits,
        },
    )


def typical(texts):
    """Mean idf of the words of different texts."""
    n_with = Counter(word for text in set(texts) for word in set(plain_words(text)))
    n = len(set(texts))
    idf = {w: math.log(1 + (n - k + 0.5) / (k + 0.5)) for w, k in n_with.items()}
    return sum(idf[word] * k for word, k in n_with.items()) / n_with.total()


def scores_of(domain_of, said, asked):
    """BM25 of the study's rule in typical words: question and sentence to score."""
    found = {}
    for domain in sorted(set(domain_of.values())):
        texts = {}
        for _, product, text in said:
            if domain_of[product] == domain:
                texts.setdefault(product, {})[text] = 0
        pool = Pool(
            tuple(
                Asked(
                    product, text, tuple(texts[product]), tuple(texts[product].values())
                )
                for _, product, text in asked
                if product in texts
            )
        )
        word = typical([text for of in texts.values() for text in of])
        scores = iter(bm25_of_words(pool, plain_words, is_by_product=False) / word)
        for one in pool.asked:
            for sentence in one.sentences:
                found[one.product_id, one.question, sentence] = next(scores)
    return found


@pytest.mark.parametrize(("min_score", "partitions"), [(0.0, 1), (0.7, 3), (1.4, 2)])
def test_bm25_keeps_the_pairs_that_the_study_keeps(spark, min_score, partitions):
    domain_of, said, asked = catalogue(seed=7)
    scores = scores_of(domain_of, said, asked)
    assert sorted({score >= min_score for score in scores.values()}) == [
        False,
        True,
    ] or (not min_score)
    first = {}
    for one, product, text in said:
        first.setdefault((product, text), one)
    expected = {
        (question, first[product, sentence]): sorted(
            set(plain_words(text)) & set(plain_words(sentence))
        )
        for question, product, text in asked
        for sentence in {said_text for _, where, said_text in said if where == product}
        if scores[product, text, sentence] >= max(min_score, 1e-9)
    }
    found = by_bm25(
        spark, domain_of, said, asked, min_score=min_score, partitions=partitions
    )
    rows = found.pairs.collect()
    assert found.pairs.columns == QR_PAIRS.columns
    pairs = {(row.question_id, row.sentence_id): row.shared_nouns for row in rows}
    assert len(pairs) == len(rows)
    assert pairs == expected
    assert pairs
    assert sum(row.n_found for row in found.found.collect()) == len(rows)


def test_bm25_keeps_the_best_under_the_limits(spark):
    domain_of, said, asked = catalogue(seed=8)
    scores = scores_of(domain_of, said, asked)
    text_of = {one: text for one, _, text in said}
    found = by_bm25(
        spark, domain_of, said, asked, min_score=1.0, max_pairs_per_question=3
    )
    kept = {}
    for row in found.pairs.collect():
        kept.setdefault(row.question_id, []).append(text_of[row.sentence_id])
    assert kept
    for question, product, text in asked:
        ranked = sorted(
            (
                (-score, f"h {sentence}", sentence)
                for (where, what, sentence), score in scores.items()
                if (where, what) == (product, text) and score >= 1.0
            )
        )
        best = [sentence for _, _, sentence in ranked[:3]]
        assert sorted(kept.get(question, [])) == sorted(best)
    n_kept = sum(map(len, kept.values()))
    assert sum(row.n_found for row in found.found.collect()) > n_kept
    few = by_bm25(spark, domain_of, said, asked, max_pairs_per_product=2)
    of_product = few.pairs.groupBy("product_id").count().collect()
    assert {row["count"] for row in of_product} == {2}


def test_a_word_newer_than_the_counts_is_the_rarest_there_is(spark):
    said = [
        ("s1", "p", "a cable"),
        ("s2", "p", "a cable and a box"),
        ("s3", "p", "a gadget"),
    ]
    asked = [("q", "p", "cable or gadget?")]
    found = by_bm25(spark, {"p": "A"}, said, asked, counted="text NOT LIKE '%gadget%'")
    norm = 1.2 * (0.25 + 0.75 * 1 / 1.5)
    weight = math.log(1 + 2.5 / 0.5) / typical(["a cable", "a cable and a box"])
    score = weight * 2.2 / (1 + norm)
    kept = by_bm25(
        spark,
        {"p": "A"},
        said,
        asked,
        counted="text NOT LIKE '%gadget%'",
        min_score=score - 1e-5,
    )
    assert {row.sentence_id for row in found.pairs.collect()} == {"s1", "s2", "s3"}
    assert {row.sentence_id for row in kept.pairs.collect()} == {"s3"}
    without = by_bm25(spark, {"p": "A"}, said, asked, counted=F.lit(False))
    assert without.pairs.collect() == []


def test_passages_are_the_candidates_of_their_questions_in_their_order(spark):
    asked = [("q1", "p", "red?"), ("q2", "p", "big?"), ("q3", "r", "red?")]
    said = [
        ("s1", "p", "It is red."),
        ("s2", "p", "It is big."),
        ("s3", "p", "It is red."),  # said twice: the smaller id
        ("s4", "r", "It is red."),
    ]
    sentences = [
        (name, product, "A", "review", "r", 0, 0, 1, f"h {text}", text)
        for name, product, text in said
    ]
    found = [
        # As a bullet, which took the smaller id; the review says it too.
        ("q1", "p", 1, "s0", "It is red."),
        ("q1", "p", 2, "b1", "A bullet alone."),
        ("q1", "p", 3, "s2", "It is big."),
        ("q2", "p", 1, "s2", "It is big."),
        ("q2", "p", 2, "s1", "It is red."),
        ("q3", "r", 1, "s4", "It is red."),
    ]
    passages = spark.createDataFrame(
        [(p, q, rank, s, "bullet", 0.5, text) for q, p, rank, s, text in found],
        "product_id string, question_id string, rank int, sentence_id string,"
        " source string, score double, passage string",
    ).repartition(3)

    def pairs(**limits):
        made = passage_candidates(
            questions(spark, asked),
            spark.createDataFrame(sentences, SENTENCES.schema),
            passages,
            **{
                "max_pairs_per_question": 9,
                "max_pairs_per_product": 9,
                **limits,
            },
        )
        assert made.pairs.columns == QR_PAIRS.columns
        n_found = {row.product_id: row.n_found for row in made.found.collect()}
        assert n_found == {"p": 4, "r": 1}
        rows = made.pairs.collect()
        assert all(row.shared_nouns == [] for row in rows)
        return sorted((row.question_id, row.sentence_id) for row in rows)

    everything = [("q1", "s1"), ("q1", "s2"), ("q2", "s1"), ("q2", "s2"), ("q3", "s4")]
    assert pairs() == everything
    assert pairs(max_pairs_per_question=1) == [("q1", "s1"), ("q2", "s2"), ("q3", "s4")]
    # The best of each question before the second.
    kept = pairs(max_pairs_per_product=3)
    assert kept == [("q1", "s1"), ("q1", "s2"), ("q2", "s2"), ("q3", "s4")]
