"""Label the shop's own specifications in the texts of their products.

Reads   products
Writes  attribute_labels   (rows of the products that changed)
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import LabelAttributes
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import scope
from pipelines.category_attributes import category_path
from pipelines.tables import ATTRIBUTE_LABELS, PRODUCTS
from udfs.labels import SCHEMA, attribute_labels


def run(spark: SparkSession, settings: LabelAttributes, run_id: str) -> Outcome:
    """Label the products that changed."""
    root = settings.lake
    todo = scope(spark, settings, (PRODUCTS,))
    if todo.is_empty:
        return Outcome(consumed=todo.consumed)
    products = todo.of(lake.read(spark, PRODUCTS, root)).withColumn(
        "category", category_path(F.col("domain"), F.col("category"))
    )
    # AQE would merge few products into one task; looking for values is the slow part.
    spread = products.repartition(settings.spark.shuffle_partitions, "product_id")
    labels = spread.mapInArrow(
        attribute_labels(n_negatives=settings.n_negatives), SCHEMA
    )
    written = lake.replace(
        spark, labels, ATTRIBUTE_LABELS, root, products=todo.products
    )
    return Outcome.of(written, consumed=todo.consumed)


if __name__ == "__main__":
    launch(run, LabelAttributes, ATTRIBUTE_LABELS)
