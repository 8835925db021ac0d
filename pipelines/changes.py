"""What must change for a table's rows to equal new ones."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T


def differences(
    new: DataFrame,
    stored: DataFrame,
    *,
    key: Sequence[str],
    ignored: Sequence[str],
    keeps_missing: bool,
) -> DataFrame:
    """New and stored rows compared by key and content.

    Grain: one row per key of either side (per row of `new` where a key repeats, so
    that the caller can refuse it).

    Args:
        new: Rows as they should be.
        stored: Rows as they are, of the same columns; unique by key.
        key: Columns that identify a row.
        ignored: Columns in which a difference does not count.
        keeps_missing: Whether stored rows without a new one are left alone.

    Returns:
        Columns of `new` (of `stored` for deletions, key columns alone being set),
        `_change` in insert, update, delete, unchanged, and `_n_same_key`.
    """
    keys = Window.partitionBy(*key)
    # One hash for both sides: the columns of `stored` may stand in another order.
    content = row_hash(new, ignored=ignored)
    fresh = new.withColumn("_new_hash", content).withColumn(
        "_n_same_key", F.count(F.lit(1)).over(keys)
    )
    old = stored.select(*key, content.alias("_old_hash"))
    compared = fresh.join(old, on=list(key), how="left" if keeps_missing else "full")
    change = (
        F.when(F.col("_new_hash").isNull(), F.lit("delete"))
        .when(F.col("_old_hash").isNull(), F.lit("insert"))
        .when(F.col("_new_hash") != F.col("_old_hash"), F.lit("update"))
        .otherwise(F.lit("unchanged"))
    )
    return compared.select(*new.columns, change.alias("_change"), "_n_same_key")


def row_hash(rows: DataFrame, *, ignored: Sequence[str]) -> Column:
    """SHA-256 of a row's content, leaving out the `ignored` columns.

    Maps are put in order of their names first, since a map has none of its own.
    """
    contents = [
        _ordered(field).alias(field.name)
        for field in rows.schema
        if field.name not in ignored
    ]
    return F.sha2(F.to_json(F.struct(*contents), {"ignoreNullFields": "false"}), 256)


def _ordered(field: T.StructField) -> Column:
    if isinstance(field.dataType, T.MapType):
        return F.array_sort(F.map_entries(F.col(field.name)))
    return F.col(field.name)
