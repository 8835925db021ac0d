"""Look in every text of a product for the attributes that its category has.

Reads   products, reviews, category_attributes, attribute_spans
Writes  attribute_spans   (missing rows, in commits of about chunk_size)
Needs   a model folder; one GPU per task where there is one
"""

import datetime as dt

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import ExtractAttributes
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import model_of
from jobs.scope import scope
from jobs.scoring import Missing, score_missing
from pipelines.attributes import missing_examples, product_texts
from pipelines.category_attributes import asked_attributes
from pipelines.tables import ATTRIBUTE_SPANS, CATEGORY_ATTRIBUTES, PRODUCTS, REVIEWS
from udfs.attributes import SCHEMA, attribute_spans


def run(spark: SparkSession, settings: ExtractAttributes, run_id: str) -> Outcome:
    """Look for what is missing, chunk by chunk."""
    root = settings.lake
    model = model_of(settings)
    fingerprint = model.fingerprint
    inputs = (PRODUCTS, REVIEWS) if "review" in settings.sources else (PRODUCTS,)
    todo = scope(
        spark, settings, inputs, whole=(CATEGORY_ATTRIBUTES,), model_fp=fingerprint
    )
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=fingerprint)
    products = todo.of(lake.read(spark, PRODUCTS, root))
    reviews = todo.of(lake.read(spark, REVIEWS, root))
    spans = lake.read(spark, ATTRIBUTE_SPANS, root)
    missing = missing_examples(
        product_texts(products, reviews, sources=settings.sources),
        asked_attributes(products, lake.read(spark, CATEGORY_ATTRIBUTES, root)),
        spans.filter(F.col("model_fp") == fingerprint),
    )
    # Sorted, so that a chunk is a range.
    dealt = missing.sortWithinPartitions("lane").persist(StorageLevel.MEMORY_AND_DISK)
    n_examples = int(dealt.agg(F.sum(F.size("attributes"))).collect()[0][0] or 0)
    extract = attribute_spans(
        model.folder,
        fingerprint=fingerprint,
        token_budget=settings.token_budget,
        threads=settings.threads,
        precision=settings.precision,
    )

    def row_of(found: DataFrame) -> DataFrame:
        return found.withColumns(
            {
                "model_fp": F.lit(fingerprint),
                "scored_at": F.lit(dt.datetime.now(dt.UTC)),
            }
        )

    done = score_missing(
        spark,
        settings,
        Missing(
            rows=dealt,
            n_items=n_examples,
            unit="examples",
            source=PRODUCTS,
            item=F.concat_ws(" ", "context_hash", "attribute"),
        ),
        extract,
        SCHEMA,
        ATTRIBUTE_SPANS,
        row_of,
        run_id,
    )
    return Outcome(
        n_in=n_examples,
        n_written=done.n_written,
        n_quarantined=done.n_refused,
        consumed=todo.consumed,
        model_fp=fingerprint,
        remark=f"model {model.name} {fingerprint}",
    )


if __name__ == "__main__":
    launch(run, ExtractAttributes, ATTRIBUTE_SPANS)
