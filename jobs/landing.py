"""Reads each new file of a landing folder once, and counts every record.

Structured Streaming's file source (`availableNow`) remembers by its checkpoint which
files were read; their content is read by `udfs.files`, which can say what is wrong and
where. A file is known by its path: a corrected one must come under a new name. A batch
whose commit was cut short is read again and changes nothing twice.
"""

import datetime as dt
import posixpath
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import fs
from pyspark import StorageLevel
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import Row

from jobs import ledger
from jobs.config import LandJob, SettingsError
from jobs.lake import Written
from jobs.ledger import Outcome
from jobs.progress import say
from udfs.files import META, Parser, file_rows
from udfs.pieces import resolved
from udfs.records import LINE_KINDS

_FOUND = "path string, modificationTime timestamp, length bigint, content binary"
_PIECES = (
    "path string, source_file string, begin bigint, end bigint, modified_at timestamp"
)


@dataclass(frozen=True)
class Landing:
    """How one kind of file becomes rows of one table.

    Attributes:
        folder: Below the landing zone.
        parse: Rows of a record.
        columns: Of those rows.
        write: Takes the good rows, writes the table.
    """

    folder: str
    parse: Parser
    columns: pa.Schema
    write: Callable[[DataFrame], Written]


def land(
    spark: SparkSession, settings: LandJob, landing: Landing, run_id: str
) -> Outcome:
    """Read the new files of a folder and write their rows.

    n_in counts records, and lines or files that can't be read; records that were
    there already or repeat another are duplicates.
    """
    folder = f"{settings.landing_folder.rstrip('/')}/{landing.folder}"
    if not _is_folder(settings.landing_folder):
        raise SettingsError(
            f"landing: {settings.landing_folder} does not exist, expected a folder"
            " with products/ reviews/ questions/ purchases/"
        )
    if not _is_folder(folder):
        return Outcome(remark=f"no folder {landing.folder}/")
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    def take(found: DataFrame, _: int) -> None:
        try:
            outcomes.append(_take(spark, settings, landing, run_id, folder, found))
        except BaseException as error:
            errors.append(error)
            raise

    checkpoint = f"{settings.lake.rstrip('/')}/_checkpoints/{settings.section}"
    stream = (
        spark.readStream.format("binaryFile")
        .schema(_FOUND)
        .option("recursiveFileLookup", "true")
        # Else files a week older than the newest one seen are passed over silently.
        .option("maxFileAge", "36500d")
        .load(folder)
        .select("path", "modificationTime", "length")
    )
    query = (
        stream.writeStream.foreachBatch(take)
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start()
    )
    try:
        query.awaitTermination()
    except StreamingQueryException:
        if errors:
            raise errors[0] from None
        raise
    finally:
        query.stop()
    return _sum(outcomes)


def _is_folder(path: str) -> bool:
    system, place = resolved(path)
    return bool(system.get_file_info(place).type == fs.FileType.Directory)


def _sum(outcomes: list[Outcome]) -> Outcome:
    return Outcome(
        n_in=sum(one.n_in for one in outcomes),
        n_written=sum(one.n_written for one in outcomes),
        n_duplicate=sum(one.n_duplicate for one in outcomes),
        n_quarantined=sum(one.n_quarantined for one in outcomes),
        n_unchanged=sum(one.n_unchanged for one in outcomes),
        n_deleted=sum(one.n_deleted for one in outcomes),
    )


def _take(
    spark: SparkSession,
    settings: LandJob,
    landing: Landing,
    run_id: str,
    folder: str,
    found: DataFrame,
) -> Outcome:
    """Parse, count, check, quarantine, write: in that order."""
    pieces = [piece for row in found.collect() for piece in _pieces(row, settings)]
    if not pieces:
        return Outcome()
    base = posixpath.dirname(_plain(folder))
    named = [
        (path, posixpath.relpath(_plain(path), base), begin, end, modified_at)
        for path, begin, end, modified_at in sorted(pieces, key=lambda piece: piece[:2])
    ]
    n_tasks = min(len(named), 4 * settings.spark.shuffle_partitions)
    read = file_rows(
        landing.parse,
        landing.columns,
        max_record_bytes=settings.land.max_record_bytes,
    )
    given = spark.createDataFrame(named, _PIECES).repartition(n_tasks)
    schema = from_arrow_schema(pa.schema([*META, *landing.columns]))
    rows = given.mapInArrow(read, schema).persist(StorageLevel.DISK_ONLY)
    try:
        counts = rows.agg(
            F.count(F.lit(1)).alias("n_in"), F.count("error_class").alias("n_refused")
        ).collect()[0]
        n_in, n_refused = int(counts["n_in"]), int(counts["n_refused"])
        say(settings.section, f"{len(named):,} files or pieces, {n_in:,} records")
        ledger.check_share(n_refused, n_in, settings.quarantine, stage=settings.section)
        if n_refused:
            refused = rows.filter(F.col("error_class").isNotNull())
            ledger.quarantine(
                spark, refused, settings.lake, stage=settings.section, run_id=run_id
            )
        good = rows.filter(F.col("error_class").isNull())
        written = landing.write(good.drop("error_class", "message", "raw"))
    finally:
        rows.unpersist()
    return Outcome(
        n_in=n_in,
        n_written=written.n_written,
        n_duplicate=n_in - n_refused - written.n_written,
        n_quarantined=n_refused,
        n_unchanged=written.n_unchanged,
        n_deleted=written.n_deleted,
    )


def _pieces(row: Row, settings: LandJob) -> list[tuple[str, int, int, dt.datetime]]:
    """The file whole, or a large plain file of lines in ranges of bytes."""
    path, length, size = row["path"], row["length"], settings.land.piece_bytes
    name = posixpath.basename(_plain(path))
    if name.startswith(("_", ".")):
        return []
    moment = row["modificationTime"]
    if length <= size or not name.lower().endswith(LINE_KINDS):
        return [(path, 0, 0, moment)]
    return [
        (path, begin, min(begin + size, length), moment)
        for begin in range(0, length, size)
    ]


def _plain(path: str) -> str:
    """A local path without its scheme, any other as it is."""
    if path.startswith("file:"):
        return "/" + path.removeprefix("file:").lstrip("/")
    return path if "://" in path else posixpath.abspath(path)
