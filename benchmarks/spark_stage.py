"""The Spark scoring stage against the bare scorer, and skew against an even spread.

    python -m benchmarks.spark_stage [--json FILE] [--pairs N]

*Stage* is what `score_answers` does with a chunk of its blocks: spread them over the
tasks, `mapInArrow`, every score taken out. *Bare* gives the same blocks to the same
number of processes without Spark, each with one thread. *Skewed* is a second lake with
as many pairs, half of them of one product. *Making* is the plan before: from pairs and
texts in tables to blocks, which bare does not do at all; *with making* adds it.
"""

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks import catalogue, report
from jobs import config, session
from models.checkpoint import Card
from pipelines.answers import blocks, missing_pairs, with_block
from pipelines.tables import ANSWER_SCORES, QR_PAIRS, QUESTIONS, SENTENCES
from udfs.answers import SCHEMA, answer_scores

PROCESSES = 2
PER_PRODUCT = (10, 60)
BLOCK = {"block_sentences": 256, "block_questions": 64}
BUDGET = 16_384


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json")
    parser.add_argument("--pairs", type=int, default=240_000, help="pairs of a lake")
    options = parser.parse_args()
    report.keep(options.json, {"stage": run(options.pairs)})


def run(n_pairs: int) -> list[report.Row]:
    """One row a way of scoring."""
    settings = ["spark.master=local[2]", "spark.shuffle_partitions=4"]
    document = config.read([str(config.CONF / "local.yaml")], settings)
    spark = session.build(config.spark_of(document))
    with tempfile.TemporaryDirectory() as folder:
        card = catalogue.model(Path(folder) / "answers")
        n_products = n_pairs // (PER_PRODUCT[0] * PER_PRODUCT[1])
        even = _lake(spark, [PER_PRODUCT] * n_products)
        half = int((n_pairs / 2 * PER_PRODUCT[0] / PER_PRODUCT[1]) ** 0.5)
        giant = (half, half * PER_PRODUCT[1] // PER_PRODUCT[0])
        skewed = _lake(spark, [giant, *[PER_PRODUCT] * (n_products // 2)])
        rows = []
        # The first round compiles, starts workers and loads the model.
        for n_round in range(2):
            for name, lake in (("skewed", skewed), ("even", even)):
                started = time.perf_counter()
                made = _blocks(spark, lake)
                making = time.perf_counter() - started
                seconds, n_scored = _stage(card, made)
                if n_round:
                    row = {"pairs": n_scored, "seconds": seconds}
                    rows.append({"way": f"stage, {name}", **row})
                    both = {"pairs": n_scored, "seconds": making + seconds}
                    rows.append({"way": f"{name}, with making", **both})
        seconds, n_scored = _bare(card, made)
        rows.append({"way": "bare, even", "pairs": n_scored, "seconds": seconds})
    rates = {row["way"]: row["pairs"] / row["seconds"] for row in rows}
    for row in rows:
        row["pairs/s"] = rates[row["way"]]
        row["to bare"] = rates[row["way"]] / rates["bare, even"]
        alike = "even, with making" if "making" in row["way"] else "stage, even"
        row["time to even"] = rates[alike] / rates[row["way"]]
    report.show(f"The Spark stage, {PROCESSES} processes", rows)
    return rows


Lake = tuple[DataFrame, DataFrame, DataFrame]


def _lake(spark: SparkSession, shapes: list[tuple[int, int]]) -> Lake:
    """Pairs, questions and sentences of products with so many of both."""
    rng = np.random.default_rng(0)
    pairs, questions, sentences = [], [], []
    for product, (n_questions, n_sentences) in enumerate(shapes):
        asked, said, of_question, of_sentence = catalogue.block(
            rng, n_questions, n_sentences
        )
        name = f"p{product}"
        for i, text in enumerate(asked):
            questions.append((f"{name} q{i}", name, None, None, None, "d", "f", text))
        for i, text in enumerate(said):
            key = f"{name} s{i}"
            sentences.append((key, name, "d", "review", "r", 0, 0, 1, key, text))
        for i, j in zip(of_question, of_sentence, strict=True):
            question, sentence = f"{name} q{i}", f"{name} s{j}"
            pairs.append(
                (
                    f"{question} {sentence}",
                    name,
                    question,
                    sentence,
                    question,
                    sentence,
                    [],
                )
            )
    frames = (
        spark.createDataFrame(pairs, QR_PAIRS.schema),
        spark.createDataFrame(questions, QUESTIONS.schema),
        spark.createDataFrame(sentences, SENTENCES.schema),
    )
    for frame in frames:
        frame.cache().count()
    return frames


def _blocks(spark: SparkSession, lake: Lake) -> DataFrame:
    pairs, questions, sentences = lake
    missing = missing_pairs(pairs, spark.createDataFrame([], ANSWER_SCORES.schema))
    placed = with_block(missing, **BLOCK).persist()
    made = blocks(placed, questions, sentences).sortWithinPartitions("lane").persist()
    made.count()
    placed.unpersist()
    return made


def _scorer(card: Card):  # type: ignore[no-untyped-def] # a function for mapInArrow
    return answer_scores(
        card.folder,
        fingerprint=card.fingerprint,
        token_budget=BUDGET,
        threads=1,
        precision="fp32",
    )


def _stage(card: Card, made: DataFrame) -> tuple[float, int]:
    started = time.perf_counter()
    scored = made.repartition(2 * PROCESSES).mapInArrow(_scorer(card), SCHEMA)
    n_scored = scored.agg(F.count("score")).collect()[0][0]
    return time.perf_counter() - started, int(n_scored)


def _bare(card: Card, frame: DataFrame) -> tuple[float, int]:
    table = frame.toArrow().combine_chunks()
    batches = [
        pa.Table.from_batches([batch]).take(
            list(range(start, batch.num_rows, PROCESSES))
        )
        for batch in table.to_batches()
        for start in range(PROCESSES)
    ]
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        pool.map(_part, [(card, batch.slice(0, 1)) for batch in batches])  # loads
        started = time.perf_counter()
        n_scored = sum(
            pool.map(_part, [(card, batch) for batch in batches], chunksize=1)
        )
        return time.perf_counter() - started, n_scored


def _part(job: tuple[Card, pa.Table]) -> int:
    card, table = job
    scored = _scorer(card)(iter(table.combine_chunks().to_batches()))
    return sum(batch.num_rows for batch in scored)


if __name__ == "__main__":
    main()
