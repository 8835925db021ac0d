"""Put all that is known of a product into one row.

Reads   products, reviews, community_answers, questions, review_answers,
        attribute_values
Writes  enriched_products   (rows of the products that changed)
"""

from pyspark.sql import SparkSession

from jobs import lake
from jobs.config import EnrichProducts
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import scope
from pipelines.products import enriched, product_domains
from pipelines.tables import (
    ATTRIBUTE_VALUES,
    COMMUNITY_ANSWERS,
    ENRICHED_PRODUCTS,
    PRODUCTS,
    QUESTIONS,
    REVIEW_ANSWERS,
    REVIEWS,
)

_INPUTS = (
    PRODUCTS,
    REVIEWS,
    COMMUNITY_ANSWERS,
    QUESTIONS,
    REVIEW_ANSWERS,
    ATTRIBUTE_VALUES,
)


def run(spark: SparkSession, settings: EnrichProducts, run_id: str) -> Outcome:
    """Nest the rows of the products that changed."""
    todo = scope(spark, settings, _INPUTS)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed)
    products, reviews, community, questions, answers, values = (
        todo.of(lake.read(spark, table, settings.lake)) for table in _INPUTS
    )
    rows = enriched(
        product_domains(products, reviews, community, questions),
        products,
        reviews,
        questions,
        answers,
        values,
        run_id=run_id,
    )
    written = lake.replace(
        spark, rows, ENRICHED_PRODUCTS, settings.lake, products=todo.products
    )
    return Outcome.of(written, consumed=todo.consumed)


if __name__ == "__main__":
    launch(run, EnrichProducts, ENRICHED_PRODUCTS)
