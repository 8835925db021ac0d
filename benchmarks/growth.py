"""Time of the whole run as the catalogue grows, and the exponent of the growth.

    python -m benchmarks.growth [--products 1000 4000 16000] [--json FILE]

Each size: a sample, then every stage of the nightly run on an empty lake with an answer
model of random weights, MiniLM's vectors and a gazetteer (training is no part of a
night, and not timed). The exponent is the slope of
log seconds over log products, by least squares; the start of the session is left out.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from benchmarks import catalogue, report
from jobs import config, lake, ledger, session
from jobs.launch import stage
from jobs.sample.write import write_sample
from jobs.sources.attribute_labels import read_attribute_labels
from jobs.sources.community_answers import read_community_answers
from jobs.stages import STAGES
from jobs.train_attributes import run as train_attributes
from jobs.train_passages import run as train_passages
from pipelines.tables import QR_PAIRS, SENTENCES


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--products", type=int, nargs="+", default=[1000, 4000, 16000])
    parser.add_argument("--json")
    options = parser.parse_args()
    report.keep(options.json, {"growth": run(options.products)})


def run(sizes: list[int]) -> list[report.Row]:
    """One row a size; the exponent stands in the last."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _night(Path(folder) / "first", 50)  # the first MERGE of a session is slow
        for n_products in sizes:
            rows.append(_night(Path(folder) / str(n_products), n_products))
            report.show("So far", rows)
    logs = np.log([[row["products"], row["seconds"]] for row in rows])
    slope = float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0]) if len(rows) > 1 else 0.0
    rows = [row | {"exponent": ""} for row in rows]
    rows[-1]["exponent"] = slope
    report.show("Growth of the nightly run", rows)
    return rows


def _night(folder: Path, n_products: int) -> dict[str, object]:
    document = config.read(
        [str(config.CONF / "local.yaml")],
        [
            f"landing={folder}/sample/landing",
            f"lake={folder}/lake",
            f"models={folder}/models",
        ],
    )
    spark = session.build(config.spark_of(document))
    write_sample(
        spark,
        f"{folder}/sample",
        n_products=n_products,
        n_labelled_products=0,
        seed=1,
        n_files=None,
    )
    catalogue.model(folder / "models" / "answers")
    seconds = 0.0
    for one in STAGES:
        if one.name == "score_answers":
            _train(spark, document, folder)
        settings = config.settings_of(one.settings, document)
        run_id = ledger.new_run_id(document["run_date"])
        started = time.perf_counter()
        stage(spark, one.run(), settings, one.table, run_id)
        seconds += time.perf_counter() - started
    return {
        "products": n_products,
        "sentences": lake.read(spark, SENTENCES, f"{folder}/lake").count(),
        "pairs": lake.read(spark, QR_PAIRS, f"{folder}/lake").count(),
        "seconds": seconds,
        "products/s": n_products / seconds,
    }


def _train(spark: SparkSession, document: dict[str, Any], folder: Path) -> None:
    """What the stages behind the texts need, of the lake's own rows."""
    lake_root, models = f"{folder}/lake", folder / "models"
    attributes = config.settings_of(config.TrainAttributes, document)
    train_attributes(
        attributes.model_copy(update={"method": "gazetteer"}),
        read_attribute_labels(spark, lake_root, n_rows=10_000),
        str(models / "attributes"),
    )
    passages = config.settings_of(config.TrainPassages, document)
    train_passages(
        passages.model_copy(update={"method": "minilm-cosine", "test_share": 0.0}),
        read_community_answers(spark, lake_root),
        str(models / "passages"),
    )


if __name__ == "__main__":
    main()
