"""Run a model over what it has not scored yet, in commits of bounded size.

A stage brings its plan of what is missing and its table; the chunks, the GPU profile,
the quarantine, the commits and the progress are the same for all.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.resource import (
    ResourceProfile,
    ResourceProfileBuilder,
    TaskResourceRequests,
)
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import ScoringJob, TensorJob
from jobs.progress import say
from pipelines.lanes import LANES
from pipelines.tables import Table
from udfs.batching import ArrowMap


@dataclass(frozen=True)
class Missing:
    """What is to be scored.

    Attributes:
        rows: Inputs of the model with their `lanes.lane`, cached; in the order of the
            lanes within a partition, so that a chunk is a range.
        n_items: Items, such as pairs, in all rows.
        unit: Their name in the plural.
        source: Table that the items are listed in.
        item: Names an item in the quarantine, from a scored row.
    """

    rows: DataFrame
    n_items: int
    unit: str
    source: Table
    item: Column


@dataclass(frozen=True)
class Scored:
    """What came of it: n_items = n_written + n_refused."""

    n_written: int
    n_refused: int


def score_missing(
    spark: SparkSession,
    settings: ScoringJob,
    missing: Missing,
    score: ArrowMap,
    schema: str,
    into: Table,
    row_of: Callable[[DataFrame], DataFrame],
    run_id: str,
) -> Scored:
    """Score chunk by chunk; what is committed stays when the run is killed.

    Args:
        spark: Session.
        settings: Of the stage.
        missing: What is to be scored; its rows are no longer cached afterwards.
        score: For `DataFrame.mapInArrow`; gives one row an item, and error_class and
            message where the item could not be scored.
        schema: Of what it gives.
        into: Table of the results.
        row_of: From scored rows to those of the table.
        run_id: This run.

    Raises:
        ledger.TooMuchRefusedError: More items failed than conf allows.
        lake.LakeError: Items were lost or came twice.
    """
    n_chunks = min(LANES, math.ceil(missing.n_items / settings.chunk_size))
    n_written = n_refused = n_done = 0
    started = time.monotonic()
    for chunk in range(n_chunks):
        first, end = (LANES * place // n_chunks for place in (chunk, chunk + 1))
        of_chunk = missing.rows.filter((F.col("lane") >= first) & (F.col("lane") < end))
        # Round-robin, since AQE would put few rows into one task.
        spread = of_chunk.repartition(settings.spark.shuffle_partitions)
        scored = spread.mapInArrow(score, schema, profile=gpu_profile(settings))
        scored = scored.persist(StorageLevel.MEMORY_AND_DISK)
        refused = scored.filter(F.col("error_class").isNotNull())
        n_failed = refused.count()
        n_done += scored.count()
        n_refused += n_failed
        ledger.check_share(
            n_refused, n_done, settings.quarantine, stage=settings.section
        )
        if n_failed:
            ledger.quarantine(
                spark,
                _in_quarantine(refused, missing),
                settings.lake,
                stage=settings.section,
                run_id=run_id,
            )
        good = scored.filter(F.col("error_class").isNull())
        n_written += lake.insert(spark, row_of(good), into, settings.lake)
        scored.unpersist()
        rate = n_done / (time.monotonic() - started)
        say(
            settings.section,
            f"chunk {chunk + 1} of {n_chunks}: {n_written:,} of {missing.n_items:,}"
            f" {missing.unit}, {rate:,.0f} {missing.unit}/s",
        )
    missing.rows.unpersist()
    if n_written + n_refused != missing.n_items:
        raise lake.LakeError(
            f"{into.name}: {n_written:,} {missing.unit} scored, {n_refused:,} refused"
            f" of {missing.n_items:,}, expected all; the next run scores what is"
            " missing"
        )
    return Scored(n_written, n_refused)


def gpu_profile(settings: TensorJob) -> ResourceProfile | None:
    """A GPU for each of the stage's tasks, where conf says so; others stay wide."""
    if not settings.gpus_per_task:
        return None
    task = TaskResourceRequests().cpus(settings.threads)
    task = task.resource("gpu", settings.gpus_per_task)
    return ResourceProfileBuilder().require(task).build


def _in_quarantine(refused: DataFrame, missing: Missing) -> DataFrame:
    return refused.select(
        F.lit(missing.source.name).alias("source_file"),
        F.lit(0).cast("bigint").alias("position"),
        F.lit("key").alias("position_unit"),
        missing.item.alias("item"),
        "error_class",
        "message",
        F.lit(None).cast("string").alias("raw"),
    )
