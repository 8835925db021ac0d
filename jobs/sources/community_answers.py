"""Questions with community answers that a lake holds: what its own people answered."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.sources.passages import AskedQuestion, tidy
from pipelines.tables import COMMUNITY_ANSWERS, QUESTIONS


def read_community_answers(spark: SparkSession, root: str) -> list[AskedQuestion]:
    """Each question of `tables.QUESTIONS` with all its answers, by its id.

    Args:
        spark: Session.
        root: The lake.
    """
    questions = lake.read(spark, QUESTIONS, root).select(
        "question_id", "product_id", "domain", F.col("text").alias("question")
    )
    answers = (
        lake.read(spark, COMMUNITY_ANSWERS, root)
        .groupBy("question_id")
        .agg(F.array_sort(F.collect_set("text")).alias("answers"))
    )
    rows = (
        questions.join(answers, on="question_id", how="inner")
        .orderBy("question_id")
        .collect()
    )
    found = []
    for row in rows:
        texts = tuple(dict.fromkeys(filter(None, map(tidy, row.answers))))
        if texts:
            found.append(
                AskedQuestion(
                    tidy(row.question), texts, texts, row.product_id, row.domain or ""
                )
            )
    return found
