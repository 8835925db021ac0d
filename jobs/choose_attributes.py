"""Choose the surest value of each attribute of a product, and hold it to the shop's.

Reads   products, reviews, category_attributes, attribute_spans
Writes  attribute_values   (rows of the products whose texts or spans changed)
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import ChooseAttributes
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import attribute_thresholds_of, model_of, threshold_of
from jobs.scope import scope
from models.checkpoint import Card
from pipelines.attributes import choose_attributes, product_texts, specified_values
from pipelines.category_attributes import asked_attributes
from pipelines.tables import (
    ATTRIBUTE_SPANS,
    ATTRIBUTE_VALUES,
    CATEGORY_ATTRIBUTES,
    PRODUCTS,
    REVIEWS,
)
from udfs.labels import agreeing, normal_values, stated_values


def run(spark: SparkSession, settings: ChooseAttributes, run_id: str) -> Outcome:
    """Choose the values of the products that changed."""
    root = settings.lake
    model = model_of(settings)
    products, reviews, spans = (
        lake.read(spark, table, root) for table in (PRODUCTS, REVIEWS, ATTRIBUTE_SPANS)
    )
    texts = product_texts(products, reviews, sources=settings.sources)
    todo = scope(
        spark,
        settings,
        (PRODUCTS, REVIEWS) if "review" in settings.sources else (PRODUCTS,),
        whole=(CATEGORY_ATTRIBUTES,),
        reached={
            ATTRIBUTE_SPANS: lambda rows: texts.join(
                rows, on="context_hash", how="left_semi"
            )
        },
        model_fp=model.fingerprint,
    )
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=model.fingerprint)
    changed = todo.of(products)
    rows = choose_attributes(
        todo.of(texts),
        asked_attributes(changed, lake.read(spark, CATEGORY_ATTRIBUTES, root)),
        spans.filter(F.col("model_fp") == model.fingerprint),
        _thresholds(spark, settings, model),
        specified_values(changed, stated_values("specifications", "brand")),
        threshold=threshold_of(
            model, threshold=settings.threshold, precision=settings.at_precision
        ),
        normal_values=normal_values,
        agreeing=agreeing,
        model_name=model.name,
        run_id=run_id,
    )
    written = lake.replace(spark, rows, ATTRIBUTE_VALUES, root, products=todo.products)
    return Outcome.of(written, consumed=todo.consumed, model_fp=model.fingerprint)


def _thresholds(
    spark: SparkSession, settings: ChooseAttributes, model: Card
) -> DataFrame:
    found = attribute_thresholds_of(
        model, threshold=settings.threshold, precision=settings.at_precision
    )
    return spark.createDataFrame([*found.items()], "attribute string, threshold double")


if __name__ == "__main__":
    launch(run, ChooseAttributes, ATTRIBUTE_VALUES)
