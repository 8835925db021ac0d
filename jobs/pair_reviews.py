"""Pair every question with the sentences of its product that share an AN-word.

Reads   products, reviews, community_answers, questions, sentences, text_nouns,
        aspect_nouns
Writes  qr_pairs   (rows of the products whose questions or sentences changed)
"""

from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import PairReviews, TagNouns
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import scope
from pipelines.aspects import newest
from pipelines.pairs import qr_pairs
from pipelines.products import product_domains
from pipelines.tables import (
    ASPECT_NOUNS,
    COMMUNITY_ANSWERS,
    PRODUCTS,
    QR_PAIRS,
    QUESTIONS,
    REVIEWS,
    SENTENCES,
    TEXT_NOUNS,
)


def run(spark: SparkSession, settings: PairReviews, run_id: str) -> Outcome:
    """Find the candidates of the products that changed."""
    root = settings.lake
    tagger = ledger.model_of(spark, TagNouns.section, root)
    todo = scope(
        spark,
        settings,
        (PRODUCTS, QUESTIONS, SENTENCES),
        whole=(ASPECT_NOUNS,),
        model_fp=tagger,
    )
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=tagger)
    products, reviews, answers, questions, sentences = (
        todo.of(lake.read(spark, table, root))
        for table in (PRODUCTS, REVIEWS, COMMUNITY_ANSWERS, QUESTIONS, SENTENCES)
    )
    candidates = qr_pairs(
        questions,
        sentences.filter(F.col("source").isin(*settings.sources)),
        lake.read(spark, TEXT_NOUNS, root).filter(F.col("tagger") == tagger),
        newest(lake.read(spark, ASPECT_NOUNS, root)),
        product_domains(products, reviews, answers, questions),
        max_pairs_per_question=settings.max_pairs_per_question,
        max_pairs_per_product=settings.max_pairs_per_product,
    )
    # Read twice: by the pairs, and by the count of what the limits cut.
    candidates.ranked.persist(StorageLevel.MEMORY_AND_DISK)
    written = lake.replace(
        spark, candidates.pairs, QR_PAIRS, root, products=todo.products
    )
    n_found = candidates.found.agg(F.sum("n_found")).collect()[0][0] or 0
    candidates.ranked.unpersist()
    n_cut = n_found - written.n_in
    remark = f"{n_cut:,} of {n_found:,} candidates cut by the limits" if n_cut else ""
    return Outcome.of(
        written, consumed=todo.consumed, model_fp=tagger, n_cut=n_cut, remark=remark
    )


if __name__ == "__main__":
    launch(run, PairReviews, QR_PAIRS)
