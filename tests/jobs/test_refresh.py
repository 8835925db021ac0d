"""Statistics of whole domains: when they are built anew, on the counts of words."""

import pytest

from jobs import build_word_counts, config, lake
from jobs.config import BuildWordCounts
from jobs.launch import stage
from pipelines.tables import SENTENCES, WORD_COUNTS
from pipelines.versions import newest

pytestmark = pytest.mark.spark


def say(spark, root, *said):
    rows = [
        (f"{domain} {text}", domain, domain, source, "r", 0, 0, 1, text, text)
        for domain, source, text in said
    ]
    lake.replace(
        spark,
        spark.createDataFrame(rows, SENTENCES.schema),
        SENTENCES,
        root,
        keeps_missing=True,
    )


def build(spark, root, *, day=1, more=()):
    document = config.read([], [f"lake={root}", f"run_date=2026-01-{day:02}", *more])
    settings = config.settings_of(BuildWordCounts, document)
    run = build_word_counts.run
    return stage(spark, run, settings, WORD_COUNTS, f"run {day}").status


def counts(spark, root):
    rows = newest(lake.read(spark, WORD_COUNTS, root)).collect()
    return {(row.domain, row.word): (row.n_with, row.n_texts) for row in rows}


def test_counts_hold_until_a_domain_comes_or_the_days_are_over(spark, lake_root):
    say(spark, lake_root, ("A", "review", "a cable"), ("A", "bullet", "a box"))
    assert build(spark, lake_root) == "done"
    assert counts(spark, lake_root) == {("A", "cable"): (1, 1)}
    assert build(spark, lake_root, day=2) == "unchanged"
    say(spark, lake_root, ("A", "review", "two cables"), ("B", "bullet", "a lid"))
    assert build(spark, lake_root, day=3) == "unchanged"
    assert counts(spark, lake_root) == {("A", "cable"): (1, 1)}
    say(spark, lake_root, ("B", "review", "a lid"))
    assert build(spark, lake_root, day=4) == "done"
    assert counts(spark, lake_root) == {("A", "cable"): (2, 2), ("B", "lid"): (1, 1)}
    few = ("build_word_counts.refresh_days=20",)
    assert build(spark, lake_root, day=4, more=few) == "done"
    assert build(spark, lake_root, day=23, more=few) == "unchanged"
    assert build(spark, lake_root, day=24, more=few) == "done"
    assert lake.read(spark, WORD_COUNTS, lake_root).count() == 3


def test_other_sources_are_other_counts(spark, lake_root):
    say(spark, lake_root, ("A", "review", "a cable"), ("A", "bullet", "a box"))
    build(spark, lake_root)
    both = ("pair_reviews.sources=[review, bullet]",)
    assert build(spark, lake_root, more=both) == "done"
    assert counts(spark, lake_root) == {("A", "cable"): (1, 2), ("A", "box"): (1, 2)}
