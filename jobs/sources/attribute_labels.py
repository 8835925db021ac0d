"""Labelled attribute values that a lake holds: those of its shop's specifications."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import SettingsError
from jobs.sources.values import LabelledValue
from pipelines.tables import ATTRIBUTE_LABELS


def read_attribute_labels(
    spark: SparkSession, root: str, *, n_rows: int
) -> list[LabelledValue]:
    """Rows of `tables.ATTRIBUTE_LABELS` in the order of a hash of their products.

    Args:
        spark: Session.
        root: The lake.
        n_rows: So many at most; the last product may be cut.

    Raises:
        SettingsError: There is none.
    """
    labels = lake.read(spark, ATTRIBUTE_LABELS, root)
    order = [F.xxhash64("product_id"), *map(F.col, ATTRIBUTE_LABELS.key)]
    rows = labels.orderBy(*order).limit(n_rows).collect()
    if not rows:
        raise SettingsError(
            f"{root}: no labelled value in {ATTRIBUTE_LABELS.name}, expected some: run"
            " enrich nightly --until pair_reviews, of products with specifications"
        )
    # A text is kept once, whatever number of attributes is asked of it.
    contexts: dict[str, str] = {}
    return [
        LabelledValue(
            product_id=row.product_id,
            context=contexts.setdefault(row.context, row.context),
            attribute=row.attribute,
            values=() if row.value is None else (row.value,),
            spans=() if row.value is None else ((row.begin, row.end),),
            category=row.category or "",
        )
        for row in rows
    ]
