"""Land the community's answers.

Reads   landing/questions
Writes  community_answers   (new and changed answers)

A record is one answer; a question without one has none. A line that can't be read
counts as one, and an answer whose question is refused is refused. An answer without a
person goes when the same text comes under a name.
"""

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from jobs import lake
from jobs.config import LandCommunityAnswers
from jobs.lake import Written
from jobs.landing import Landing, land
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.sources.questions import ANSWER_COLUMNS, parse_answers
from pipelines import landing
from pipelines.tables import COMMUNITY_ANSWERS


def run(spark: SparkSession, settings: LandCommunityAnswers, run_id: str) -> Outcome:
    """Read the new files and write what they say."""

    def write(raw: DataFrame) -> Written:
        stored = lake.read(spark, COMMUNITY_ANSWERS, settings.lake)
        told = landing.answers(raw, stored, domains=settings.land.domains)
        told = told.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            rows, void = landing.under_names(told, stored)
            return lake.replace(
                spark,
                rows,
                COMMUNITY_ANSWERS,
                settings.lake,
                keeps_missing=True,
                void=void,
            )
        finally:
            told.unpersist()

    kind = Landing("questions", parse_answers, ANSWER_COLUMNS, write)
    return land(spark, settings, kind, run_id)


if __name__ == "__main__":
    launch(run, LandCommunityAnswers, COMMUNITY_ANSWERS)
