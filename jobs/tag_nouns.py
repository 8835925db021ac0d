"""Find the nouns of every distinct sentence and question, once.

Reads   sentences, questions
Writes  text_nouns   (rows of texts that are not tagged yet)
Needs   NLTK's tagger data below a path, or TextBlob's in its package
"""

from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import TagNouns
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import scope
from models.aspects import nouns
from pipelines.aspects import texts_without_nouns
from pipelines.tables import QUESTIONS, SENTENCES, TEXT_NOUNS
from udfs.aspects import text_nouns


def run(spark: SparkSession, settings: TagNouns, run_id: str) -> Outcome:
    """Tag what is missing among the texts of the products that changed."""
    tagger, folder = nouns.choose(settings.tagger, settings.nltk_data)
    todo = scope(spark, settings, (SENTENCES, QUESTIONS), model_fp=tagger)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=tagger)
    root = settings.lake
    missing = texts_without_nouns(
        todo.of(lake.read(spark, SENTENCES, root)),
        todo.of(lake.read(spark, QUESTIONS, root)),
        lake.read(spark, TEXT_NOUNS, root).filter(F.col("tagger") == tagger),
    )
    # AQE would merge few texts into one task; tagging is the slow part.
    spread = missing.repartition(settings.spark.shuffle_partitions, "text_hash")
    tagged = spread.select(
        "text_hash", "text", text_nouns(tagger, folder=folder)("text").alias("found")
    ).persist(StorageLevel.MEMORY_AND_DISK)
    rows = tagged.filter(F.col("found.error").isNull()).select(
        "text_hash", F.lit(tagger).alias("tagger"), "found.nouns", "found.n_tokens"
    )
    failed = tagged.filter(F.col("found.error").isNotNull()).select(
        F.lit(SENTENCES.name).alias("source_file"),
        F.lit(0).cast("bigint").alias("position"),
        F.lit("key").alias("position_unit"),
        F.col("text_hash").alias("item"),
        F.lit("tagging_failed").alias("error_class"),
        F.col("found.error").alias("message"),
        F.col("text").alias("raw"),
    )
    n_failed = failed.count()
    ledger.check_share(
        n_failed, tagged.count(), settings.quarantine, stage=settings.section
    )
    if n_failed:
        ledger.quarantine(spark, failed, root, stage=settings.section, run_id=run_id)
    written = lake.replace(spark, rows, TEXT_NOUNS, root, keeps_missing=True)
    tagged.unpersist()
    outcome = Outcome.of(
        written, consumed=todo.consumed, model_fp=tagger, remark=f"tagger {tagger}"
    )
    return outcome.with_quarantined(n_failed)


if __name__ == "__main__":
    launch(run, TagNouns, TEXT_NOUNS)
