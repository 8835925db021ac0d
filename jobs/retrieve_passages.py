"""Find the passages of a product that are nearest to each of its questions.

Reads   questions, sentences, text_vectors (and where answers from elsewhere are wanted
        what jobs/similar_passages.py reads)
Writes  question_passages   (rows of the products whose texts or vectors changed)
"""

import datetime as dt

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import RetrievePassages
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.model_folders import model_of
from jobs.scope import scope
from jobs.scoring import gpu_profile
from jobs.similar_passages import reached, similar
from models.checkpoint import Card
from models.passages import lexicon_of
from pipelines.passages import (
    asked_texts,
    holders,
    passages_of,
    rank_passages,
    retrieval_blocks,
)
from pipelines.tables import QUESTION_PASSAGES, QUESTIONS, SENTENCES, TEXT_VECTORS
from udfs.passages import NEAREST_SCHEMA, nearest_passages


def run(spark: SparkSession, settings: RetrievePassages, run_id: str) -> Outcome:
    """Rank the passages of the products that changed."""
    root = settings.lake
    model = model_of(settings)
    questions, sentences, vectors = (
        lake.read(spark, table, root) for table in (QUESTIONS, SENTENCES, TEXT_VECTORS)
    )
    own_alone = {
        TEXT_VECTORS: lambda rows: holders(questions, sentences).join(
            rows, on=["text_hash", "side"], how="left_semi"
        )
    }
    todo = scope(
        spark,
        settings,
        () if settings.n_similar else (QUESTIONS, SENTENCES),
        reached=reached(spark, root) if settings.n_similar else own_alone,
        model_fp=model.fingerprint,
    )
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=model.fingerprint)
    changed = todo.of(questions)
    asked = asked_texts(changed)
    passages = passages_of(changed, todo.of(sentences), sources=settings.sources)
    own = vectors.filter(F.col("model_fp") == model.fingerprint)
    rows, remark = ranked(settings, model, asked, passages, own, run_id), ""
    held: list[DataFrame] = []
    if settings.n_similar:
        rows.persist(StorageLevel.MEMORY_AND_DISK)  # read thrice below
        others = similar(spark, settings, model, asked, rows, own, run_id)
        held = [rows, others.found]
        rows, remark = rows.unionByName(others.rows), others.remark
    written = lake.replace(spark, rows, QUESTION_PASSAGES, root, products=todo.products)
    for frame in held:
        frame.unpersist()
    return Outcome.of(
        written, consumed=todo.consumed, model_fp=model.fingerprint, remark=remark
    )


def ranked(
    settings: RetrievePassages,
    model: Card,
    asked: DataFrame,
    passages: DataFrame,
    vectors: DataFrame,
    run_id: str,
) -> DataFrame:
    """The best passages of questions, by the settings.

    Args:
        settings: Of the stage.
        model: That the vectors are of.
        asked: As `pipelines.passages.asked_texts` gives them.
        passages: As `pipelines.passages.passages_of` gives them.
        vectors: text_hash, side, vector.
        run_id: This run.

    Returns:
        Columns of `tables.QUESTION_PASSAGES`.
    """
    lexicon = lexicon_of(model)
    blocks = retrieval_blocks(
        asked,
        passages,
        vectors,
        block_questions=settings.block_questions,
        block_passages=settings.block_passages,
        with_texts=lexicon is not None,
    )
    find = nearest_passages(
        top_k=settings.top_k,
        probability=model.probability,
        threads=settings.threads,
        lexicon=lexicon,
    )
    return rank_passages(
        blocks.mapInArrow(find, NEAREST_SCHEMA, profile=gpu_profile(settings)),
        asked,
        passages,
        top_k=settings.top_k,
        model_name=model.name,
        model_fp=model.fingerprint,
        scored_at=F.lit(dt.datetime.now(dt.UTC)),
        run_id=run_id,
    )


if __name__ == "__main__":
    launch(run, RetrievePassages, QUESTION_PASSAGES)
