"""Count in how many texts of its domain each plain word is, for BM25.

Reads   sentences
Writes  word_counts   (a new version when it is due; older ones stay)

A new domain is counted when it comes; the others keep their counts, and so their
products their pairs, until refresh_days are over.
"""

import datetime as dt

from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import BuildWordCounts
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.refresh import refresh
from models.words import STOP_WORDS
from pipelines.tables import SENTENCES, WORD_COUNTS
from pipelines.versions import newest, versioned
from pipelines.words import word_counts


def run(spark: SparkSession, settings: BuildWordCounts, run_id: str) -> Outcome:
    """Count if it is due."""
    root = settings.lake
    sentences = lake.read(spark, SENTENCES, root).filter(
        F.col("source").isin(*settings.sources)
    )
    # A domain without counts has no candidates: its first sentence makes them due.
    due = refresh(spark, settings, SENTENCES, sentences, min_rows=1, is_by_domain=True)
    if not due.is_due:
        return Outcome(consumed=due.consumed)
    if due.domains is not None:
        sentences = sentences.filter(F.col("domain").isin(*due.domains))
    counts = word_counts(sentences, stop_words=STOP_WORDS)
    if due.domains is not None:
        kept = newest(lake.read(spark, WORD_COUNTS, root)).select(*counts.columns)
        kept = kept.filter(~F.col("domain").isin(*due.domains))
        counts = counts.unionByName(kept)
    counts = counts.persist(StorageLevel.MEMORY_AND_DISK)
    rows = versioned(counts, built_at=F.lit(dt.datetime.now(dt.UTC)))
    written = lake.replace(spark, rows, WORD_COUNTS, root, keeps_missing=True)
    counts.unpersist()
    return Outcome.of(written, consumed=due.consumed, remark=due.remark)


if __name__ == "__main__":
    launch(run, BuildWordCounts, WORD_COUNTS)
