"""Versions of statistics of whole domains: a hash of their content; the newest."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def versioned(rows: DataFrame, *, built_at: Column) -> DataFrame:
    """The rows with the version of all of them, the hash of their content.

    Args:
        rows: Statistics with the column domain, each row different.
        built_at: When they were made.

    Returns:
        Columns of `rows`, version, built_at.
    """
    line = F.concat_ws("\x1f", *rows.columns)
    # By domain first: one value that holds all rows of all domains may be too long.
    of_domain = rows.groupBy("domain").agg(_content(line).alias("content"))
    version = of_domain.agg(
        F.substring(_content(F.col("content")), 1, 16).alias("version")
    )
    return rows.crossJoin(F.broadcast(version)).withColumn("built_at", built_at)


def _content(line: Column) -> Column:
    return F.sha2(F.array_join(F.array_sort(F.collect_list(line)), "\n"), 256)


def newest(rows: DataFrame) -> DataFrame:
    """The rows of the newest version; ties go to the greater version name."""
    order = F.struct("built_at", "version")
    last = rows.agg(F.max(order)["version"].alias("version"))
    return rows.join(F.broadcast(last), on="version", how="left_semi")
