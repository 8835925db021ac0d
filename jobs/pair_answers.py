"""Pair questions with community answers, labelled, to pre-train on.

Reads   products, reviews, questions, community_answers
Writes  qa_pairs   (whole table compared, differences written)

Negatives are drawn from a whole domain, so one more answer can change some pairs of
any product: all are made anew whenever an input changed, and few of them differ.
"""

from pyspark.sql import SparkSession

from jobs import lake
from jobs.config import PairAnswers
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.scope import scope
from pipelines.pairs import qa_pairs
from pipelines.products import product_domains
from pipelines.tables import COMMUNITY_ANSWERS, PRODUCTS, QA_PAIRS, QUESTIONS, REVIEWS

_INPUTS = (PRODUCTS, REVIEWS, QUESTIONS, COMMUNITY_ANSWERS)


def run(spark: SparkSession, settings: PairAnswers, run_id: str) -> Outcome:
    """Make the pairs anew if questions or answers changed."""
    todo = scope(spark, settings, (), whole=_INPUTS)
    if todo.is_empty:
        return Outcome(consumed=todo.consumed)
    products, reviews, questions, answers = (
        lake.read(spark, table, settings.lake) for table in _INPUTS
    )
    pairs = qa_pairs(
        questions,
        answers,
        product_domains(products, reviews, questions),
        n_negatives=settings.n_negatives,
        seed=settings.seed,
    )
    written = lake.replace(spark, pairs, QA_PAIRS, settings.lake)
    return Outcome.of(written, consumed=todo.consumed)


if __name__ == "__main__":
    launch(run, PairAnswers, QA_PAIRS)
