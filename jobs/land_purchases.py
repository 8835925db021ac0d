"""Land the purchases, and what reviews and answers tell of them.

Reads   landing/purchases, purchases, reviews, community_answers
Writes  purchases   (recorded ones; evidence of the products that changed)

Beside the records of the files, n_in counts the evidence of the products whose reviews
or answers changed.
"""

from dataclasses import replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import LandPurchases
from jobs.lake import Written
from jobs.landing import Landing, land
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import scope
from jobs.sources.purchases import COLUMNS, parse
from pipelines import landing
from pipelines.tables import COMMUNITY_ANSWERS, PURCHASES, REVIEWS


def run(spark: SparkSession, settings: LandPurchases, run_id: str) -> Outcome:
    """Read the new files, then take the evidence of the products that changed."""

    def write(raw: DataFrame) -> Written:
        stored = lake.read(spark, PURCHASES, settings.lake)
        rows = landing.purchases(raw, stored)
        return lake.replace(spark, rows, PURCHASES, settings.lake, keeps_missing=True)

    kind = Landing("purchases", parse, COLUMNS, write)
    recorded = land(spark, settings, kind, run_id)
    todo = scope(spark, settings, (REVIEWS, COMMUNITY_ANSWERS))
    if todo.is_empty:
        return replace(recorded, consumed=todo.consumed)
    found = landing.evidence(
        todo.of(lake.read(spark, REVIEWS, settings.lake)),
        todo.of(lake.read(spark, COMMUNITY_ANSWERS, settings.lake)),
        has_answerer_evidence=settings.land.has_answerer_evidence,
    )
    bought = todo.of(lake.read(spark, PURCHASES, settings.lake)).filter(
        F.col("evidence") == "purchase"
    )
    n_bought = bought.count()
    rows = found.unionByName(bought).select(*PURCHASES.columns)
    written = lake.replace(
        spark, rows, PURCHASES, settings.lake, products=todo.products
    )
    # The recorded purchases stand among the unchanged rows and were counted before.
    n_found = written.n_in - n_bought
    return replace(
        recorded,
        n_in=recorded.n_in + n_found,
        n_written=recorded.n_written + written.n_written,
        n_duplicate=recorded.n_duplicate + n_found - written.n_written,
        n_deleted=recorded.n_deleted + written.n_deleted,
        consumed=todo.consumed,
    )


if __name__ == "__main__":
    launch(run, LandPurchases, PURCHASES)
