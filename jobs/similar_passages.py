"""Answers to like questions of other products, for `retrieve_passages` and `ask`."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import RetrievePassages
from jobs.scoring import gpu_profile
from models.checkpoint import Card
from models.passages import lexicon_of
from pipelines.passages import asked_texts, holders, retrieval_blocks
from pipelines.products import product_domains
from pipelines.similar import (
    answered_questions,
    behind,
    best_of_each,
    most_similar,
    moved,
    question_blocks,
    same_domain,
    their_sentences,
)
from pipelines.tables import (
    COMMUNITY_ANSWERS,
    PRODUCTS,
    QUESTION_PASSAGES,
    QUESTIONS,
    SENTENCES,
    SIMILAR,
    TEXT_VECTORS,
    Table,
)
from udfs.passages import NEAREST_SCHEMA, nearest_passages
from udfs.similar import SCHEMA, similar_questions

_ALL = 1_000_000_000  # no block is cut
_LARGE = 64  # times as many questions share a graph, which takes long to build
_SENTENCES = 1_000  # of the answers to one question's similar ones, at most


@dataclass(frozen=True)
class Similar:
    """Passages of other products.

    Attributes:
        rows: Columns of `tables.QUESTION_PASSAGES`.
        recall: Of the approximate search; None: all of it was exact.
        found: What the rows are made from, persisted.
    """

    rows: DataFrame
    recall: float | None
    found: DataFrame

    @property
    def remark(self) -> str:
        """The recall, for the ledger."""
        if self.recall is None:
            return ""
        return f"similar questions searched approximately, recall {self.recall:.3f}"


def domains_of(spark: SparkSession, root: str) -> DataFrame:
    """Product and domain, of all that have metadata, an answer or a question."""
    return product_domains(
        *(
            lake.read(spark, table, root)
            for table in (PRODUCTS, COMMUNITY_ANSWERS, QUESTIONS)
        )
    )


def reached(
    spark: SparkSession, root: str
) -> dict[Table, Callable[[DataFrame], DataFrame]]:
    """Which products the changed rows of each input reach, for `jobs.scope.scope`.

    What was answered about a product concerns all of its domain; its other texts and
    its unanswered questions concern itself.
    """
    domains = domains_of(spark, root)
    answers, questions, sentences = (
        lake.read(spark, table, root)
        for table in (COMMUNITY_ANSWERS, QUESTIONS, SENTENCES)
    )
    answered = answers.select("question_id").distinct()
    of_answers = F.col("source") == "community_answer"

    def of_domain(rows: DataFrame) -> DataFrame:
        return same_domain(rows, domains)

    def of_questions(rows: DataFrame) -> DataFrame:
        told = rows.join(answered, on="question_id", how="left_semi")
        return of_domain(told).unionByName(rows.select("product_id"))

    def of_sentences(rows: DataFrame) -> DataFrame:
        return of_domain(rows.filter(of_answers)).unionByName(rows.select("product_id"))

    def of_vectors(rows: DataFrame) -> DataFrame:
        keys = ["text_hash", "side"]
        own = holders(questions, sentences).join(rows, on=keys, how="left_semi")
        told = holders(
            questions.join(answered, on="question_id", how="left_semi"),
            sentences.filter(of_answers),
        ).join(rows, on=keys, how="left_semi")
        mates = of_domain(told.join(domains, on="product_id", how="inner"))
        return mates.unionByName(own.select("product_id"))

    return {
        PRODUCTS: lambda rows: of_domain(moved(rows)),
        COMMUNITY_ANSWERS: of_domain,
        QUESTIONS: of_questions,
        SENTENCES: of_sentences,
        TEXT_VECTORS: of_vectors,
    }


def similar(
    spark: SparkSession,
    settings: RetrievePassages,
    model: Card,
    asked: DataFrame,
    own: DataFrame,
    vectors: DataFrame,
    run_id: str,
) -> Similar:
    """What was answered to the questions of other products that are nearest.

    Questions are near by the cosine of their vectors, in one domain; of all answers to
    one of them the sentence that the model takes to answer best is told, with that
    probability.

    Args:
        spark: Session.
        settings: Of the stage.
        model: That the vectors are of.
        asked: As `pipelines.passages.asked_texts` gives them.
        own: Passages of the questions' own products.
        vectors: text_hash, side, vector.
        run_id: This run.
    """
    root = settings.lake
    domains = domains_of(spark, root)
    answers = lake.read(spark, COMMUNITY_ANSWERS, root)
    answered = answered_questions(
        asked_texts(lake.read(spark, QUESTIONS, root)), answers, domains
    )
    found = _found(settings, asked, answered, vectors, domains)
    # Searched once: for the recall and for the rows.
    found.persist(StorageLevel.MEMORY_AND_DISK)
    n = found.agg(F.sum("n_wanted"), F.sum("n_found")).collect()[0]
    recall = None if n[0] is None else (n[1] / n[0] if n[0] else 1.0)
    nearest = most_similar(
        found.filter(F.col("question_id").isNotNull()), n_similar=settings.n_similar
    )
    sentences = lake.read(spark, SENTENCES, root)
    candidates = their_sentences(nearest, answers, sentences)
    lexicon = lexicon_of(model)
    # A question with its own candidates is a block, as a product with its texts is.
    blocks = retrieval_blocks(
        asked.withColumn("product_id", F.col("question_id")),
        candidates.withColumn("product_id", F.col("question_id"))
        .select("product_id", "sentence_id", "text_hash", "text")
        .distinct(),
        vectors,
        block_questions=1,
        block_passages=_ALL,
        with_texts=lexicon is not None,
    )
    find = nearest_passages(
        top_k=_SENTENCES,
        probability=model.probability,
        threads=settings.threads,
        lexicon=lexicon,
    )
    profile = gpu_profile(settings)
    best = best_of_each(
        blocks.mapInArrow(find, NEAREST_SCHEMA, profile=profile), candidates
    )
    told = best.join(
        asked.select("product_id", "question_id", F.col("text").alias("question")),
        on="question_id",
        how="inner",
    ).withColumnsRenamed({"text": "passage"})
    stamped = told.withColumns(
        {
            "source": F.lit(SIMILAR),
            "run_id": F.lit(run_id),
            "model_name": F.lit(model.name),
            "model_fp": F.lit(model.fingerprint),
            "scored_at": F.lit(dt.datetime.now(dt.UTC)),
        }
    )
    rows = behind(own.select(*QUESTION_PASSAGES.columns), stamped)
    return Similar(rows, recall, found)


def _found(
    settings: RetrievePassages,
    asked: DataFrame,
    answered: DataFrame,
    vectors: DataFrame,
    domains: DataFrame,
) -> DataFrame:
    """Similar questions, exactly in all domains but the largest."""
    asking = asked.join(domains, on="product_id", how="inner")
    sizes = answered.groupBy("domain").count()
    large = [
        row["domain"]
        for row in sizes.collect()
        if row["count"] > settings.approximate_above
    ]

    def search(is_exact: bool) -> DataFrame:
        is_large = F.col("domain").isin(large)
        kept = ~is_large if is_exact else is_large
        blocks = question_blocks(
            asking.filter(kept),
            answered.filter(kept),
            vectors,
            block_asked=settings.block_questions * (1 if is_exact else _LARGE),
            block_answered=settings.block_passages if is_exact else _ALL,
        )
        find = similar_questions(
            n_similar=settings.n_similar,
            min_cosine=settings.min_cosine,
            is_exact=is_exact,
            threads=settings.threads,
        )
        return blocks.mapInArrow(find, SCHEMA, profile=gpu_profile(settings))

    return search(True).unionByName(search(False)) if large else search(True)
