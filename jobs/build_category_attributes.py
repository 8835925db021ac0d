"""Learn from the shop's own specifications what each category is asked for.

Reads   attribute_labels
Writes  category_attributes   (whole table replaced when it is due)

A new domain is counted when it comes; the others keep their attributes until
refresh_days are over.
"""

import datetime as dt

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import BuildCategoryAttributes
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.refresh import refresh
from pipelines.category_attributes import (
    category_attributes,
    learnt_attributes,
    root_category,
)
from pipelines.tables import ATTRIBUTE_LABELS, CATEGORY_ATTRIBUTES
from udfs.labels import normal_values


def run(spark: SparkSession, settings: BuildCategoryAttributes, run_id: str) -> Outcome:
    """Count if it is due."""
    root = settings.lake
    domain = root_category(F.col("category"))
    labels = lake.read(spark, ATTRIBUTE_LABELS, root)
    products = labels.select(domain.alias("domain"), "product_id").distinct()
    due = refresh(
        spark,
        settings,
        ATTRIBUTE_LABELS,
        products,
        min_rows=settings.min_products,
        is_by_domain=True,
    )
    if not due.is_due:
        return Outcome(consumed=due.consumed)
    if due.domains is not None:
        labels = labels.filter(domain.isin(*due.domains))
    learnt = learnt_attributes(
        labels,
        min_products=settings.min_products,
        min_attribute_products=settings.min_attribute_products,
        min_share=settings.min_share,
        min_found=settings.min_found,
        min_shared=settings.min_shared,
        max_attributes=settings.max_attributes,
        normal_values=normal_values,
    )
    if due.domains is not None:
        stored = lake.read(spark, CATEGORY_ATTRIBUTES, root)
        kept = stored.filter((F.col("n_products") > 0) & ~domain.isin(*due.domains))
        learnt = learnt.unionByName(kept.select(*learnt.columns))
    added = spark.createDataFrame(
        [(where, name) for where, names in settings.added.items() for name in names],
        "category string, attribute string",
    )
    rows = category_attributes(learnt, added, built_at=F.lit(dt.datetime.now(dt.UTC)))
    written = lake.replace(spark, rows, CATEGORY_ATTRIBUTES, root)
    return Outcome.of(written, consumed=due.consumed, remark=due.remark)


if __name__ == "__main__":
    launch(run, BuildCategoryAttributes, CATEGORY_ATTRIBUTES)
