"""Find the aspect nouns (AN-words) of every domain.

Reads   sentences, text_nouns
Writes  aspect_nouns   (a new version when it is due; older ones stay)
"""

import datetime as dt

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import BuildAspectNouns, TagNouns
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.refresh import refresh
from pipelines.aspects import aspect_nouns
from pipelines.tables import ASPECT_NOUNS, SENTENCES, TEXT_NOUNS
from pipelines.versions import versioned


def run(spark: SparkSession, settings: BuildAspectNouns, run_id: str) -> Outcome:
    """Build the list if it is due."""
    root = settings.lake
    tagger = ledger.model_of(spark, TagNouns.section, root)
    sentences = lake.read(spark, SENTENCES, root)
    due = refresh(
        spark,
        settings,
        SENTENCES,
        sentences,
        min_rows=settings.min_count,
        model_fp=tagger,
    )
    if not due.is_due:
        return Outcome(consumed=due.consumed, model_fp=tagger)
    nouns = aspect_nouns(
        sentences,
        lake.read(spark, TEXT_NOUNS, root).filter(F.col("tagger") == tagger),
        min_count=settings.min_count,
        min_ratio=settings.min_ratio,
        epsilon=settings.epsilon,
    ).persist()
    rows = versioned(nouns, built_at=F.lit(dt.datetime.now(dt.UTC)))
    written = lake.replace(spark, rows, ASPECT_NOUNS, root, keeps_missing=True)
    nouns.unpersist()
    return Outcome.of(
        written, consumed=due.consumed, model_fp=tagger, remark=due.remark
    )


if __name__ == "__main__":
    launch(run, BuildAspectNouns, ASPECT_NOUNS)
