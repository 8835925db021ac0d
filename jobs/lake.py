"""The only reader and writer of tables; checks the contract both ways.

A write is staged, checked and committed in that order: the rows are compared with
what the table holds, and only the differences are merged, so a write that changes
nothing makes no new version.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from delta.exceptions import base
from delta.tables import DeltaTable
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines.changes import differences
from pipelines.tables import Table

_ATTEMPTS = 5
_CONFLICTS = (
    base.ConcurrentAppendException,
    base.ConcurrentDeleteDeleteException,
    base.ConcurrentDeleteReadException,
    base.ConcurrentTransactionException,
    base.ConcurrentWriteException,
    base.DeltaConcurrentModificationException,
    base.MetadataChangedException,
    base.ProtocolChangedException,
)


class LakeError(RuntimeError):
    """A table is missing, broken, or its rows break the contract."""


@dataclass(frozen=True)
class Written:
    """What one write did, in rows."""

    n_inserted: int = 0
    n_updated: int = 0
    n_deleted: int = 0
    n_unchanged: int = 0

    @property
    def n_written(self) -> int:
        """Rows inserted or changed."""
        return self.n_inserted + self.n_updated

    @property
    def n_in(self) -> int:
        """Rows that were given."""
        return self.n_written + self.n_unchanged


def path(root: str, table: Table) -> str:
    """Folder of a table."""
    return f"{root.rstrip('/')}/{table.name}"


def exists(spark: SparkSession, table: Table, root: str) -> bool:
    """Whether the table is there."""
    return DeltaTable.isDeltaTable(spark, path(root, table))


def version(spark: SparkSession, table: Table, root: str) -> int:
    """Newest version of a table, -1 if there is no table."""
    if not exists(spark, table, root):
        return -1
    place = path(root, table)
    nothing = spark._jvm.scala.Option.empty()  # type: ignore[union-attr] # there is one
    try:
        log = _delta_log(spark).forTable(spark._jsparkSession, place)
        return int(log.update(False, nothing, nothing).version())
    except (TypeError, Py4JError):
        # Another Delta (Databricks'): its history takes a job of 0.1 s and more.
        newest = DeltaTable.forPath(spark, place).history(1).select("version")
        return int(newest.collect()[0]["version"])


def _delta_log(spark: SparkSession) -> Any:
    return spark._jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]


def create(spark: SparkSession, table: Table, root: str) -> None:
    """Make the table if it is not there: comments, constraints, clustering, CDF.

    A table that was made before some of its columns were declared gets them; its rows
    hold null there until they are written again.
    """
    if exists(spark, table, root):
        _add_columns(spark, table, root)
        return
    builder = (
        DeltaTable.createIfNotExists(spark)
        .location(path(root, table))
        .addColumns(table.schema)
        .comment(table.comment)
        .clusterBy(*table.cluster_by)
        .property("delta.enableChangeDataFeed", "true")
        .property("delta.logRetentionDuration", "interval 30 days")
        .property("delta.deletedFileRetentionDuration", "interval 30 days")
        .property("delta.enableDeletionVectors", "false")
    )
    for name, condition in table.constraints.items():
        builder = builder.property(f"delta.constraints.{name}", condition)
    builder.execute()


def _add_columns(spark: SparkSession, table: Table, root: str) -> None:
    stored = DeltaTable.forPath(spark, path(root, table)).toDF().columns
    if set(table.columns) <= set(stored):
        return
    nothing = spark.createDataFrame([], table.schema).write.format("delta")
    writer = nothing.mode("append").option("mergeSchema", "true")
    _commit(lambda: writer.save(path(root, table)))


def read(spark: SparkSession, table: Table, root: str) -> DataFrame:
    """All rows of a table, in its declared columns; no rows if there is no table.

    Raises:
        LakeError: The stored table lacks a declared column or has another type.
    """
    if not exists(spark, table, root):
        return spark.createDataFrame([], table.schema)
    rows = spark.read.format("delta").load(path(root, table))
    return _checked(rows, table)


def change_feed(
    spark: SparkSession, table: Table, root: str, *, since: int
) -> DataFrame | None:
    """Rows inserted, changed or deleted after version `since`, both images.

    None where the feed does not reach back that far.
    """
    newest = version(spark, table, root)
    if newest <= since:
        return spark.createDataFrame([], table.schema)
    reader = spark.read.format("delta").option("readChangeFeed", "true")
    reader = reader.option("startingVersion", since + 1)
    changes = reader.option("endingVersion", newest).load(path(root, table))
    try:
        # The plan is lazy: only a job tells whether the feed's files are still there.
        changes.limit(1).count()
    except PySparkException:
        return None
    return changes.select(*table.columns)


def replace(
    spark: SparkSession,
    rows: DataFrame,
    table: Table,
    root: str,
    *,
    products: DataFrame | None = None,
    keeps_missing: bool = False,
    void: DataFrame | None = None,
) -> Written:
    """Make the table's rows equal `rows`, committing differences only.

    Args:
        spark: Session.
        rows: Columns of `table`, unique by its key.
        table: What to write.
        root: The lake.
        products: Column product_id: the slice that `rows` replaces; None replaces
            the whole table.
        keeps_missing: Whether stored rows that `rows` lacks stay (an upsert).
        void: Key columns of stored rows that go, whatever else stays.

    Raises:
        LakeError: The columns are not the declared ones, or a key occurs twice.
    """
    create(spark, table, root)
    new = _checked(rows, table)
    stored = read(spark, table, root)
    if products is not None:
        stored = stored.join(products, on="product_id", how="left_semi")
    if keeps_missing:
        # A few new rows must not cost a hash of every stored one.
        keys = new.select(*table.key).distinct()
        stored = stored.join(keys, on=list(table.key), how="left_semi")
    staged = differences(
        new,
        stored,
        key=table.key,
        ignored=table.stamps,
        keeps_missing=keeps_missing,
    )
    if void is not None:
        gone = void.select(*table.key).withColumn("_change", F.lit("delete"))
        staged = staged.unionByName(gone, allowMissingColumns=True)
    staged = staged.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        written = _counted(staged, table)
        if written.n_written + written.n_deleted:
            changes = staged.filter(F.col("_change") != "unchanged")
            _commit(lambda: _merge(spark, changes, table, root))
        return written
    finally:
        staged.unpersist()


def insert(spark: SparkSession, rows: DataFrame, table: Table, root: str) -> int:
    """Add rows whose keys are not in the table, in one commit; give their number.

    For rows that are known to be missing and were computed once: the MERGE refuses
    none and repeats none, also when another writer added some of them meanwhile.

    Args:
        spark: Session.
        rows: Columns of `table`, unique by its key, persisted by the caller.
        table: What to write.
        root: The lake.
    """
    create(spark, table, root)
    new = _checked(rows, table)
    n_rows = new.count()
    if n_rows:
        same = " AND ".join(f"stored.{name} = new.{name}" for name in table.key)
        target = DeltaTable.forPath(spark, path(root, table)).alias("stored")
        merge = target.merge(new.alias("new"), same).whenNotMatchedInsertAll()
        _commit(lambda: merge.execute())
    return n_rows


def _counted(staged: DataFrame, table: Table) -> Written:
    """Rows by kind of change; refuses keys that occur twice among the new rows."""
    counts = staged.groupBy("_change").agg(
        F.count(F.lit(1)).alias("n_rows"), F.max("_n_same_key").alias("n_same_key")
    )
    by_change = {row["_change"]: row for row in counts.collect()}
    if any((row["n_same_key"] or 1) > 1 for row in by_change.values()):
        first = staged.filter(F.col("_n_same_key") > 1).select(*table.key).first()
        raise LakeError(f"{table.name}: key {first} occurs twice, expected unique keys")

    def n_rows(change: str) -> int:
        return int(by_change[change]["n_rows"]) if change in by_change else 0

    return Written(
        n_inserted=n_rows("insert"),
        n_updated=n_rows("update"),
        n_deleted=n_rows("delete"),
        n_unchanged=n_rows("unchanged"),
    )


def _merge(spark: SparkSession, changes: DataFrame, table: Table, root: str) -> None:
    same = " AND ".join(f"stored.{name} <=> changes.{name}" for name in table.key)
    values = {name: f"changes.{name}" for name in table.columns}
    (
        DeltaTable.forPath(spark, path(root, table))
        .alias("stored")
        .merge(changes.alias("changes"), same)
        .whenMatchedDelete("changes._change = 'delete'")
        .whenMatchedUpdate(set=dict(values))
        .whenNotMatchedInsert("changes._change != 'delete'", values=dict(values))
        .execute()
    )


def _commit(commit: Callable[[], object]) -> None:
    """Run a commit, again with jitter while another writer is in the way."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            commit()
            return
        except _CONFLICTS:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(random.uniform(0.5, 1.5) * attempt)  # noqa: S311 - jitter


def _checked(rows: DataFrame, table: Table) -> DataFrame:
    """The declared columns of `rows`; a LakeError where they are not those."""
    try:
        rows = rows.select(*table.columns)
    except AnalysisException:
        missing = [name for name in table.columns if name not in rows.columns]
        raise LakeError(f"{table.name}: no column {', '.join(missing)}") from None
    for declared, found in zip(table.schema, rows.schema, strict=True):
        if declared.dataType.simpleString() != found.dataType.simpleString():
            raise LakeError(
                f"{table.name}.{declared.name}: type {found.dataType.simpleString()},"
                f" expected {declared.dataType.simpleString()}"
            )
    return rows


def append_rows(
    spark: SparkSession, rows: Sequence[tuple[object, ...]], table: Table, root: str
) -> None:
    """Append literal rows of the driver, for the ledger."""
    create(spark, table, root)
    literal = spark.createDataFrame(rows, table.schema)
    _commit(
        lambda: literal.write.format("delta").mode("append").save(path(root, table))
    )


def stamp(spark: SparkSession, metadata: str) -> None:
    """Put `metadata` into the history of every commit from here on."""
    spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", metadata)
