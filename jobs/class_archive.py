"""Make an archive of the JVM's classes, once, so that each local start is shorter.

A start loads and verifies some 20,000 classes of Spark and Delta; the JVM maps them
from the archive instead (application class-data sharing). `jobs.session` uses it where
it is there. A JVM that the archive was not made by, or other jars, leave it alone.
"""

import tempfile
from collections.abc import Iterator
from subprocess import TimeoutExpired
from typing import Any

import click
import pandas as pd
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import config, lake, session
from jobs.config import SplitSentences
from jobs.jars import ARCHIVE
from jobs.launch import document_of
from pipelines.tables import WORD_COUNTS

_SECONDS = 120  # for the JVM to write it
_QUIET = "-Xlog:cds=error"  # a line for each class that is left out


class NoArchiveError(RuntimeError):
    """The JVM made no archive."""


def make() -> int:
    """Run what every stage runs, keep the classes in `ARCHIVE`, give its bytes.

    Raises:
        NoArchiveError: The JVM ended without one; an older one stays.
    """
    part = ARCHIVE.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root:
        document = document_of(
            (), [f"{name}={root}" for name in ("landing", "lake")], None
        )
        settings = config.settings_of(SplitSentences, document)
        archive = f'"-XX:ArchiveClassesAtExit={part}"'
        options = f"{session.LOCAL_JAVA} {_QUIET} {archive}"
        given = {session.JAVA_OPTIONS: options}
        spark = session.build(settings.spark.model_copy(update={"options": given}))
        _work(spark, root)
        # The archive is written when the JVM ends, not when the session does.
        gateway: Any = SparkContext._gateway
        jvm = gateway.proc
        spark.stop()
        gateway.shutdown()
        jvm.stdin.close()
        jvm.wait(_SECONDS)
    if not part.exists():
        raise NoArchiveError(f"{part}: not written, expected an archive of classes")
    part.rename(ARCHIVE)
    return ARCHIVE.stat().st_size


def _work(spark: SparkSession, root: str) -> None:
    """Write, merge, read and group a table; a function in Python's workers."""

    def same(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        yield from batches

    for n_rows in (10, 20):
        made = {
            "domain": F.lit("domain"),
            "word": F.col("id").cast("string"),
            "n_with": F.lit(1).cast("bigint"),
            "n_texts": F.lit(n_rows).cast("bigint"),
            "mean_length": F.lit(1.0),
            "version": F.lit("version"),
            "built_at": F.current_timestamp(),
        }
        rows = spark.range(n_rows).withColumns(made).select(*WORD_COUNTS.columns)
        lake.replace(
            spark, rows.mapInPandas(same, WORD_COUNTS.schema), WORD_COUNTS, root
        )
    lake.read(spark, WORD_COUNTS, root).groupBy("domain").count().collect()


if __name__ == "__main__":
    try:
        click.echo(f"{make() / 2**20:.0f} MiB of classes in {ARCHIVE}")
    except (NoArchiveError, OSError, PySparkException, TimeoutExpired) as error:
        # Nothing needs it: another JVM than HotSpot has no such archive.
        click.echo(f"no archive of classes, starts take longer: {error}", err=True)
