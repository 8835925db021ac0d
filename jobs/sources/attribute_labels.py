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
    """Examples of `tables.ATTRIBUTE_LABELS` in the order of a hash of their products.

    An attribute of a text is one example, however many products have the text: a split
    by product must not have it on both sides, nor may the text lack for one product
    what it says for another.

    Args:
        spark: Session.
        root: The lake.
        n_rows: So many at most; the last product may be cut.

    Raises:
        SettingsError: There is none.
    """
    labels = lake.read(spark, ATTRIBUTE_LABELS, root).filter("is_example")
    order = [F.xxhash64("product_id"), *map(F.col, ATTRIBUTE_LABELS.key)]
    rows = labels.orderBy(*order).limit(n_rows).collect()
    if not rows:
        raise SettingsError(
            f"{root}: no labelled value in {ATTRIBUTE_LABELS.name}, expected some: run"
            " enrich nightly --until pair_reviews, of products with specifications"
        )
    # A text is kept once, whatever number of attributes is asked of it.
    contexts: dict[str, str] = {}
    examples: dict[tuple[str, str], LabelledValue] = {}
    said = {(row.context_hash, row.attribute) for row in rows if row.value is not None}
    for row in rows:
        key = (row.context_hash, row.attribute)
        if row.value is None and key in said:
            continue  # another product's value, which the text does say
        examples.setdefault(
            key,
            LabelledValue(
                product_id=row.product_id,
                context=contexts.setdefault(row.context, row.context),
                attribute=row.attribute,
                values=() if row.value is None else (row.value,),
                spans=() if row.value is None else ((row.begin, row.end),),
                category=row.category or "",
            ),
        )
    return list(examples.values())
