"""Aspect nouns against a ten-line version in Python."""

import datetime as dt
from collections import Counter

import pytest
from pyspark.sql import functions as F

from pipelines.aspects import aspect_nouns, texts_without_nouns
from pipelines.tables import ASPECT_NOUNS, QUESTIONS, SENTENCES
from pipelines.versions import newest, versioned

pytestmark = pytest.mark.spark
NOUNS = "text_hash string, nouns array<string>, n_tokens int"
TEXTS = {
    "t1": (["cable", "cable"], 6),
    "t2": (["cable", "box"], 8),
    "t3": (["box"], 4),
    "t4": (["spout", "box"], 5),
    "t5": ([], 3),
}
SAID = [("A", "t1"), ("A", "t1"), ("A", "t2"), ("A", "t5"), ("B", "t3"), ("B", "t4")]


def sentences(spark, said):
    rows = [
        (f"s{i}", "p", domain, "review", "r", 0, 0, 1, text, text)
        for i, (domain, text) in enumerate(said)
    ]
    return spark.createDataFrame(rows, SENTENCES.schema)


def tagged(spark):
    rows = [(name, nouns, n) for name, (nouns, n) in TEXTS.items()]
    return spark.createDataFrame(rows, NOUNS)


def expected(min_count, min_ratio, epsilon):
    counts = {"A": Counter(), "B": Counter()}
    sizes = Counter()
    for domain, text in SAID:
        counts[domain].update(TEXTS[text][0])
        sizes[domain] += TEXTS[text][1]
    kept = {}
    for domain, other in (("A", "B"), ("B", "A")):
        for noun, n in counts[domain].items():
            background = (counts[other][noun] + epsilon) / sizes[other]
            ratio = n / sizes[domain] / background
            if n >= min_count and ratio >= min_ratio:
                kept[domain, noun] = (n, counts[other][noun], round(ratio, 9))
    return kept


@pytest.mark.parametrize(("count", "ratio"), [(1, 0.0), (2, 0.0), (1, 1.2), (3, 1.5)])
@pytest.mark.parametrize("partitions", [1, 3])
def test_the_list_is_that_of_the_formula(spark, count, ratio, partitions):
    nouns = aspect_nouns(
        sentences(spark, SAID).repartition(partitions),
        tagged(spark),
        min_count=count,
        min_ratio=ratio,
        epsilon=1.0,
    )
    found = {
        (row.domain, row.noun): (row.n_domain, row.n_background, round(row.ratio, 9))
        for row in nouns.collect()
    }
    assert found == expected(count, ratio, 1.0)
    assert found or count == 3


def test_without_another_domain_frequency_alone_decides(spark):
    nouns = aspect_nouns(
        sentences(spark, SAID[:4]),
        tagged(spark),
        min_count=2,
        min_ratio=3.0,
        epsilon=1.0,
    )
    rows = [(row.noun, row.n_domain, row.ratio) for row in nouns.collect()]
    assert rows == [("cable", 5, None)]


def test_the_version_is_the_content(spark):
    def build(count, day):
        nouns = aspect_nouns(
            sentences(spark, SAID),
            tagged(spark),
            min_count=count,
            min_ratio=0.0,
            epsilon=1.0,
        )
        moment = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
        return versioned(nouns, built_at=F.lit(moment))

    first, again, other = build(1, 1), build(1, 2), build(2, 3)
    assert first.columns == ASPECT_NOUNS.columns
    versions = [
        {row.version for row in rows.collect()} for rows in (first, again, other)
    ]
    assert versions[0] == versions[1] != versions[2]
    current = newest(first.unionByName(other))
    assert {row.version for row in current.collect()} == versions[2]
    # An earlier list that is built once more is the newest again.
    back = newest(other.unionByName(build(1, 4)))
    assert {row.version for row in back.collect()} == versions[0]


def test_each_distinct_text_without_nouns_comes_once(spark):
    asked = [("q", "p", None, None, None, "d", "f", "t1")]
    questions = spark.createDataFrame(asked, QUESTIONS.schema)
    known = tagged(spark).filter("text_hash = 't3'")
    missing = texts_without_nouns(sentences(spark, SAID), questions, known)
    texts = sorted(row.text for row in missing.collect())
    assert texts == ["t1", "t1", "t2", "t4", "t5"]  # t1 is also a question, other hash
