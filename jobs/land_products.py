"""Land the product metadata.

Reads   landing/products
Writes  products   (new and changed products)

The latest record of a product replaces the stored one whole.
"""

from pyspark.sql import DataFrame, SparkSession

from jobs import lake
from jobs.config import LandProducts
from jobs.lake import Written
from jobs.landing import Landing, land
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.sources.products import COLUMNS, parse
from pipelines import landing
from pipelines.tables import PRODUCTS


def run(spark: SparkSession, settings: LandProducts, run_id: str) -> Outcome:
    """Read the new files and write what they say."""

    def write(raw: DataFrame) -> Written:
        rows = landing.products(raw, domains=settings.land.domains)
        return lake.replace(spark, rows, PRODUCTS, settings.lake, keeps_missing=True)

    return land(spark, settings, Landing("products", parse, COLUMNS, write), run_id)


if __name__ == "__main__":
    launch(run, LandProducts, PRODUCTS)
