"""What a stage has to do since its last run: nothing, some products, or all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from jobs import lake, ledger
from jobs.config import JobSettings
from pipelines.tables import Table


@dataclass(frozen=True)
class Scope:
    """The products whose inputs changed since a stage's last run.

    Attributes:
        products: Column product_id, distinct; None means all products.
        is_empty: Whether nothing changed, so that there is nothing to do.
        consumed: Versions of the inputs that this run takes in, for the ledger.
    """

    products: DataFrame | None
    is_empty: bool
    consumed: Mapping[str, int]

    def of(self, rows: DataFrame) -> DataFrame:
        """Those of `rows` (with product_id) that are in scope."""
        if self.products is None:
            return rows
        return rows.join(self.products, on="product_id", how="left_semi")


def scope(
    spark: SparkSession,
    settings: JobSettings,
    by_product: Sequence[Table],
    *,
    whole: Sequence[Table] = (),
    reached: Mapping[Table, Callable[[DataFrame], DataFrame]] | None = None,
    model_fp: str | None = None,
) -> Scope:
    """What changed since the stage's last good run.

    Everything is in scope on the first run, with other settings or another model,
    after any change of a `whole` table, and where the change feed no longer reaches
    back.

    Args:
        spark: Session.
        settings: Of the stage.
        by_product: Inputs with a product_id.
        whole: Inputs any change of which concerns every product.
        reached: Inputs without a product_id, each with a function from its changed
            rows to the product_id of the products they reach.
        model_fp: Fingerprint of the model in use, if there is one.
    """
    root = settings.lake
    reached = reached or {}
    tables = {table.name: table for table in (*by_product, *whole, *reached)}
    now = {name: lake.version(spark, table, root) for name, table in tables.items()}
    last = ledger.last(spark, settings.section, root)
    if (
        last is None
        or last["settings"] != ledger.settings_json(settings)
        or last["model_fp"] != model_fp
    ):
        return Scope(products=None, is_empty=False, consumed=now)
    since = dict(last["consumed"])
    moved = [name for name, version in now.items() if version != since.get(name)]
    if not moved:
        return Scope(products=None, is_empty=True, consumed=now)
    if any(table.name in moved for table in whole) or any(
        name not in since for name in moved
    ):
        return Scope(products=None, is_empty=False, consumed=now)
    changed = [
        _changed(spark, tables[name], root, since[name], reached) for name in moved
    ]
    frames = [frame for frame in changed if frame is not None]
    if len(frames) < len(changed):
        return Scope(products=None, is_empty=False, consumed=now)
    products = reduce(DataFrame.unionByName, frames).distinct()
    # Few ids, used by several joins: a local copy keeps the feed from being read again.
    return Scope(products=products.localCheckpoint(), is_empty=False, consumed=now)


def _changed(
    spark: SparkSession,
    table: Table,
    root: str,
    since: int,
    reached: Mapping[Table, Callable[[DataFrame], DataFrame]],
) -> DataFrame | None:
    rows = lake.change_feed(spark, table, root, since=since)
    if rows is None:
        return None
    products = reached[table](rows) if table in reached else rows
    return products.select("product_id")
