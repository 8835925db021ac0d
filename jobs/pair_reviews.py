"""Pair every question with the sentences of its product that are worth scoring.

Reads   products, reviews, community_answers, questions, sentences, and word_counts
        (rule bm25), text_nouns and aspect_nouns (rule an_words) or question_passages
        (rule passages)
Writes  qr_pairs   (rows of the products whose questions or sentences changed)
"""

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import PairReviews, TagNouns
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import Scope, scope
from models.words import STOP_WORDS
from pipelines.candidates import (
    Candidates,
    bm25_candidates,
    noun_candidates,
    passage_candidates,
)
from pipelines.products import product_domains
from pipelines.tables import (
    ASPECT_NOUNS,
    COMMUNITY_ANSWERS,
    PRODUCTS,
    QR_PAIRS,
    QUESTION_PASSAGES,
    QUESTIONS,
    REVIEWS,
    SENTENCES,
    TEXT_NOUNS,
    WORD_COUNTS,
    Table,
)
from pipelines.versions import newest


class PairingError(RuntimeError):
    """Pairs can't be found with what the lake holds."""


def run(spark: SparkSession, settings: PairReviews, run_id: str) -> Outcome:
    """Find the candidates of the products that changed."""
    root = settings.lake
    tagger = None
    by_product: tuple[Table, ...] = (PRODUCTS, QUESTIONS, SENTENCES)
    whole: tuple[Table, ...] = (WORD_COUNTS,)
    if settings.rule == "an_words":
        tagger = ledger.model_of(spark, TagNouns.section, root)
        whole = (ASPECT_NOUNS,)
    elif settings.rule == "passages":
        by_product, whole = (*by_product, QUESTION_PASSAGES), ()
    todo = scope(spark, settings, by_product, whole=whole, model_fp=tagger)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed, model_fp=tagger)
    found = candidates(spark, settings, todo, tagger)
    # Read twice: by the pairs, and by the count of what the limits cut.
    found.ranked.persist(StorageLevel.MEMORY_AND_DISK)
    written = lake.replace(spark, found.pairs, QR_PAIRS, root, products=todo.products)
    n_found = found.found.agg(F.sum("n_found")).collect()[0][0] or 0
    found.ranked.unpersist()
    n_cut = n_found - written.n_in
    remark = f"{n_cut:,} of {n_found:,} candidates cut by the limits" if n_cut else ""
    return Outcome.of(
        written, consumed=todo.consumed, model_fp=tagger, n_cut=n_cut, remark=remark
    )


def candidates(
    spark: SparkSession,
    settings: PairReviews,
    todo: Scope,
    tagger: str | None,
    asked: DataFrame | None = None,
) -> Candidates:
    """By the passages, by the nouns of the tagger, or without one by BM25.

    Args:
        spark: Session.
        settings: Of the stage.
        todo: The products.
        tagger: See `run`.
        asked: Columns of `tables.QUESTIONS`, for which nothing was found before; None
            takes those of the lake.
    """
    root = settings.lake
    products, reviews, answers, stored, sentences = (
        todo.of(lake.read(spark, table, root))
        for table in (PRODUCTS, REVIEWS, COMMUNITY_ANSWERS, QUESTIONS, SENTENCES)
    )
    questions = stored if asked is None else asked
    sentences = sentences.filter(F.col("source").isin(*settings.sources))
    if settings.rule == "passages" and asked is None:
        passages = lake.read(spark, QUESTION_PASSAGES, root)
        if passages.isEmpty() and not (questions.isEmpty() or sentences.isEmpty()):
            # Nothing would pair, and all pairs of the lake would be deleted.
            raise PairingError(
                f"{QUESTION_PASSAGES.name}: empty, expected passages: run enrich"
                " encode_passages and enrich retrieve_passages first"
            )
        return passage_candidates(
            questions,
            sentences,
            todo.of(passages),
            max_pairs_per_question=settings.max_pairs_per_question,
            max_pairs_per_product=settings.max_pairs_per_product,
        )
    domains = product_domains(products, reviews, answers, questions)
    if tagger is None:
        counts = newest(lake.read(spark, WORD_COUNTS, root))
        if counts.isEmpty() and not sentences.isEmpty():
            # Nothing would pair, and all pairs of the lake would be deleted.
            raise PairingError(
                f"{WORD_COUNTS.name}: empty, expected the counts of the sentences'"
                " domains: run enrich build_word_counts first"
            )
        return bm25_candidates(
            questions,
            sentences,
            counts,
            domains,
            stop_words=STOP_WORDS,
            min_score=settings.min_score,
            max_pairs_per_question=settings.max_pairs_per_question,
            max_pairs_per_product=settings.max_pairs_per_product,
        )
    return noun_candidates(
        questions,
        sentences,
        lake.read(spark, TEXT_NOUNS, root).filter(F.col("tagger") == tagger),
        newest(lake.read(spark, ASPECT_NOUNS, root)),
        domains,
        max_pairs_per_question=settings.max_pairs_per_question,
        max_pairs_per_product=settings.max_pairs_per_product,
    )


if __name__ == "__main__":
    launch(run, PairReviews, QR_PAIRS)
