"""Land the questions.

Reads   landing/questions
Writes  questions   (new and changed questions)

A record is one question: a flat line is one, a line of the nested shape as many as it
holds. A line that can't be read counts as one. A later record fills what the stored
question lacks.
"""

from pyspark.sql import DataFrame, SparkSession

from jobs import lake
from jobs.config import LandQuestions
from jobs.lake import Written
from jobs.landing import Landing, land
from jobs.launch import launch
from jobs.ledger import Outcome
from jobs.sources.questions import QUESTION_COLUMNS, parse_questions
from pipelines import landing
from pipelines.tables import QUESTIONS


def run(spark: SparkSession, settings: LandQuestions, run_id: str) -> Outcome:
    """Read the new files and write what they say."""

    def write(raw: DataFrame) -> Written:
        stored = lake.read(spark, QUESTIONS, settings.lake)
        rows = landing.questions(raw, stored, domains=settings.land.domains)
        return lake.replace(spark, rows, QUESTIONS, settings.lake, keeps_missing=True)

    kind = Landing("questions", parse_questions, QUESTION_COLUMNS, write)
    return land(spark, settings, kind, run_id)


if __name__ == "__main__":
    launch(run, LandQuestions, QUESTIONS)
