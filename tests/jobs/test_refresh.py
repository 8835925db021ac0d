"""Statistics of whole domains: when they are built anew, on the counts of words."""

import pytest

from jobs import build_word_counts, config, lake, ledger
from jobs.config import BuildWordCounts
from jobs.launch import stage
from jobs.refresh import refresh
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


@pytest.fixture
def night(spark, monkeypatch):
    """A night of a job of such statistics, without any table."""
    done = {"row": None, "version": 0, "said": ""}
    monkeypatch.setattr(ledger, "last", lambda *given: done["row"])
    monkeypatch.setattr(lake, "version", lambda *given: done["version"])

    def run(said, *more, day):
        """Whether the statistics are due where sentences of these domains are."""
        done["version"] += said != done["said"]
        done["said"] = said
        document = config.read([], ["lake=/l", f"run_date=2026-01-{day:02}", *more])
        settings = config.settings_of(BuildWordCounts, document)
        sentences = spark.createDataFrame([(one,) for one in said], "domain string")
        found = refresh(spark, settings, SENTENCES, sentences, min_rows=2)
        done["row"] = {
            "consumed": found.consumed,
            "settings": ledger.settings_json(settings),
            "model_fp": None,
        }
        return found.is_due

    return run


def test_statistics_hold_until_a_domain_comes_or_the_days_are_over(night):
    assert night("AA", day=1)
    assert not night("AA", day=2)
    assert not night("AAA", day=3)
    assert not night("AAAB", day=3)  # one sentence makes no domain
    assert night("AAABB", day=4)
    assert not night("AAABB", day=31)
    few = "build_word_counts.refresh_days=20"
    assert night("AAABB", few, day=5)
    assert not night("AAABB", few, day=24)
    assert night("AAABB", few, day=25)


def test_a_new_domain_leaves_the_counts_of_the_others(spark, lake_root):
    say(spark, lake_root, ("A", "review", "a cable"))
    build(spark, lake_root)
    say(spark, lake_root, ("A", "review", "two cables"), ("B", "review", "a lid"))
    assert build(spark, lake_root, day=2) == "done"
    assert counts(spark, lake_root) == {("A", "cable"): (1, 1), ("B", "lid"): (1, 1)}
    # A's days are counted from its own build.
    assert build(spark, lake_root, day=31) == "done"
    assert counts(spark, lake_root) == {("A", "cable"): (2, 2), ("B", "lid"): (1, 1)}


def test_other_sources_are_other_counts(spark, lake_root):
    say(spark, lake_root, ("A", "review", "a cable"), ("A", "bullet", "a box"))
    build(spark, lake_root)
    both = ("pair_reviews.sources=[review, bullet]",)
    assert build(spark, lake_root, more=both) == "done"
    assert counts(spark, lake_root) == {("A", "cable"): (1, 2), ("A", "box"): (1, 2)}
