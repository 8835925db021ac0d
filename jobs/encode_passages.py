"""Give each question and passage of the asked products a vector.

Reads   questions, sentences, text_vectors
Writes  text_vectors   (missing rows, in commits of about chunk_size)
Needs   a model folder; one GPU per task where there is one
"""

import datetime as dt

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import EncodePassages
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import model_of
from jobs.scope import scope
from jobs.scoring import Missing, score_missing
from models.checkpoint import Card
from pipelines.passages import asked_texts, both_sides, missing_texts, passages_of
from pipelines.tables import QUESTIONS, SENTENCES, TEXT_VECTORS
from udfs.batching import ArrowMap
from udfs.passages import VECTOR_SCHEMA, text_vectors


def run(spark: SparkSession, settings: EncodePassages, run_id: str) -> Outcome:
    """Read what is missing, chunk by chunk."""
    root = settings.lake
    model = model_of(settings)
    fingerprint = model.fingerprint
    todo = scope(spark, settings, (QUESTIONS, SENTENCES), model_fp=fingerprint)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=fingerprint)
    questions = todo.of(lake.read(spark, QUESTIONS, root))
    sentences = todo.of(lake.read(spark, SENTENCES, root))
    vectors = lake.read(spark, TEXT_VECTORS, root)
    missing = missing_texts(
        both_sides(
            asked_texts(questions),
            passages_of(questions, sentences, sources=settings.sources),
        ),
        vectors.filter(F.col("model_fp") == fingerprint),
    )
    # Sorted, so that a chunk is a range.
    dealt = missing.sortWithinPartitions("lane").persist(StorageLevel.MEMORY_AND_DISK)
    n_texts = dealt.count()

    def row_of(found: DataFrame) -> DataFrame:
        return found.select(
            "text_hash",
            "side",
            F.lit(fingerprint).alias("model_fp"),
            F.lit(dt.datetime.now(dt.UTC)).alias("scored_at"),
            "vector",
        )

    done = score_missing(
        spark,
        settings,
        Missing(
            rows=dealt,
            n_items=n_texts,
            unit="texts",
            source=SENTENCES,
            item=F.concat_ws(" ", "text_hash", "side"),
        ),
        reader(settings, model),
        VECTOR_SCHEMA,
        TEXT_VECTORS,
        row_of,
        run_id,
    )
    return Outcome(
        n_in=n_texts,
        n_written=done.n_written,
        n_quarantined=done.n_refused,
        consumed=todo.consumed,
        model_fp=fingerprint,
        remark=f"model {model.name} {fingerprint}",
    )


def reader(settings: EncodePassages, model: Card) -> ArrowMap:
    """From missing texts to their vectors, by the settings."""
    return text_vectors(
        model.folder,
        fingerprint=model.fingerprint,
        token_budget=settings.token_budget,
        threads=settings.threads,
        precision=settings.precision,
    )


if __name__ == "__main__":
    launch(run, EncodePassages, TEXT_VECTORS)
