"""Land the reviews.

Reads   landing/reviews
Writes  reviews   (new and changed reviews)

The latest record of a review replaces the stored one whole.
"""

from pyspark.sql import DataFrame, SparkSession

from jobs import lake
from jobs.config import LandReviews
from jobs.lake import Written
from jobs.landing import Landing, land
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.sources.reviews import COLUMNS, parse
from pipelines import landing
from pipelines.tables import REVIEWS


def run(spark: SparkSession, settings: LandReviews, run_id: str) -> Outcome:
    """Read the new files and write what they say."""

    def write(raw: DataFrame) -> Written:
        rows = landing.reviews(raw, domains=settings.land.domains)
        return lake.replace(spark, rows, REVIEWS, settings.lake, keeps_missing=True)

    return land(spark, settings, Landing("reviews", parse, COLUMNS, write), run_id)


if __name__ == "__main__":
    launch(run, LandReviews, REVIEWS)
