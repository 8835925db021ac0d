"""Make the archive of the JVM's classes, once, so that each local start is shorter.

`make setup` does; after a change of Java `python -m jobs.archive_classes` does it anew.
Until then an archive that does not fit is left alone (`jobs.class_archive`).
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pandas as pd
from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import config, lake, session
from jobs.class_archive import ARCHIVE, STAMP, stamp
from jobs.config import SplitSentences
from jobs.launch import document_of
from pipelines.tables import WORD_COUNTS

_SECONDS = 120  # for the JVM to write it


class NoArchiveError(RuntimeError):
    """The JVM made no archive."""


def make() -> int:
    """Write, merge and read a table, keep the classes, give the archive's bytes.

    Raises:
        NoArchiveError: The JVM ended badly or without one; an older one stays.
        TimeoutExpired: The JVM took too long to write it.
    """
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ARCHIVE.parent) as root:
        part = Path(root) / ARCHIVE.name
        folders = [f"{name}={root}/{name}" for name in ("landing", "lake")]
        document = document_of((), folders, None)
        settings = config.settings_of(SplitSentences, document)
        archive = f'"-XX:ArchiveClassesAtExit={part}"'
        given = {
            session.JAVA_OPTIONS: f"{session.LOCAL_JAVA} {session.QUIET} {archive}"
        }
        spark = session.build(settings.spark.model_copy(update={"options": given}))
        gateway: Any = SparkContext._gateway
        try:
            _work(spark, settings.lake)
            # The archive is written when the JVM ends, not when the session does.
            spark.stop()
            gateway.shutdown()
            gateway.proc.stdin.close()
            status = gateway.proc.wait(_SECONDS)
        finally:
            gateway.proc.kill()
        if status or not part.exists():
            raise NoArchiveError(f"the JVM ended with status {status}, expected 0")
        n_bytes = part.stat().st_size
        STAMP.unlink(missing_ok=True)
        part.replace(ARCHIVE)
        STAMP.write_text(json.dumps(stamp(n_bytes)))
    return n_bytes


def main() -> None:
    """Make it; where that fails, say so and go on: nothing needs it."""
    try:
        click.echo(f"{make() / 2**20:.0f} MiB of classes in {ARCHIVE}")
    except Exception as error:  # noqa: BLE001 - a JVM that is no HotSpot, a full disk
        click.echo(f"no archive of classes, starts take longer: {error}", err=True)


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
    main()
