"""The attribute stage against three other ways to run the same model.

    python -m benchmarks.attribute_stage [--json FILE] [--examples N]

An example is a text with an attribute; 15 are asked of each text. *Stage* is what
`extract_attributes` does with a chunk: texts with their attributes spread over the
tasks, `mapInArrow`, every span taken out. *Bare* gives the same texts to the same
number of processes without Spark. *Fixed* is `predict_batch_udf` over a flat table of
examples in batches of 32 padded to 128, a longer text cut there; *arrival* the same
padded to the longest of the batch, all windows of a text read. The flat table comes as
the shuffle by its key leaves it. Same weights everywhere and one thread a process; the
spans must be equal, but for *fixed* where a text was cut, and but for *bf16*, which is
fp32 on a CPU without units for it, and *int8*.
"""

import argparse
import hashlib
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks import attribute_texts, report
from benchmarks.attribute_batches import predictor
from models.attributes import load
from models.checkpoint import Card, read_words
from udfs.attributes import SCHEMA, attribute_spans

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PROCESSES = 2
TASKS = 2 * PROCESSES
ROUNDS = 2  # of all ways in turn; the faster counts
BUDGET = 16_384
BATCH, LENGTH = 32, 128
SHAPES = {"titles": attribute_texts.TITLES, "all texts": attribute_texts.ALL_TEXTS}
SLOW = ("fixed", "arrival")  # they get a third of the texts
KEY = ("context_hash", "attribute")
TIE = 1e-4

Key = tuple[str, str]
Found = Mapping[Key, tuple[int, int, float]]  # begin, end, score


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json")
    parser.add_argument("--examples", type=int, default=1_500, help="of each shape")
    options = parser.parse_args()
    report.keep(options.json, {"attributes": run(options.examples)})


def run(n_examples: int) -> list[report.Row]:
    """One row a way and shape of texts."""
    from jobs import config, session

    settings = ["spark.master=local[2]", "spark.shuffle_partitions=4"]
    document = config.read([str(config.CONF / "local.yaml")], settings)
    spark = session.build(config.spark_of(document))
    n_texts = n_examples // len(attribute_texts.ATTRIBUTES)
    with tempfile.TemporaryDirectory() as folder:
        card = attribute_texts.model(Path(folder) / "attributes")
        words = read_words(card.folder)
        rows = []
        for name, kinds in SHAPES.items():
            texts = attribute_texts.texts(kinds, n_texts, words)
            rows += _shape(spark, card, name, texts)
    title = f"The attribute stage, {PROCESSES} processes ({report.machine()})"
    report.show(title, rows)
    return rows


def _shape(
    spark: "SparkSession", card: Card, name: str, texts: Sequence[str]
) -> list[report.Row]:
    # Made once: a worker loads the model of each anew.
    fixed, arrival = predictor(card, BATCH, LENGTH), predictor(card, BATCH, None)
    ways: dict[str, Callable[[Sequence[str]], tuple[float, pa.Table]]] = {
        "stage": lambda some: _stage(_frame(spark, some), card, "fp32"),
        "fixed": lambda some: _flat(_frame(spark, some), fixed),
        "arrival": lambda some: _flat(_frame(spark, some), arrival),
        "bare": lambda some: _bare(_arrow(some), card, "fp32"),
        "stage, bf16": lambda some: _stage(_frame(spark, some), card, "bf16"),
        "bare, bf16": lambda some: _bare(_arrow(some), card, "bf16"),
        "stage, int8": lambda some: _stage(_frame(spark, some), card, "int8"),
    }
    fast, slow = texts, texts[: len(texts) // 3]
    seconds, found = dict.fromkeys(ways, float("inf")), {}
    for n_round in range(1 + ROUNDS):
        for way, timed in ways.items():
            # The first round compiles, starts workers and loads the model.
            given = (slow if way in SLOW else fast) if n_round else texts[: 2 * TASKS]
            taken, table = timed(given)
            if n_round:
                seconds[way] = min(seconds[way], taken)
                found[way] = _spans(table)
    assert found["stage"].keys() == found["bare"].keys()
    _check_same(found["stage"], found["bare"])
    _check_same(found["stage"], found["arrival"])
    whole = _read_whole(card, texts)
    short = {key: span for key, span in found["fixed"].items() if key in whole}
    _check_same(found["stage"], short)
    rates = {way: len(found[way]) / seconds[way] for way in ways}
    return [
        {
            "texts": name,
            "way": way,
            "examples": len(found[way]),
            "seconds": seconds[way],
            "examples/s": rates[way],
            "stage : way": rates["stage"] / rates[way],
            "stage, bf16 : way": rates["stage, bf16"] / rates[way],
            "same spans": _share_same(found["stage"], found[way]),
        }
        for way in ways
    ]


def _arrow(texts: Sequence[str]) -> pa.Table:
    asked = [list(attribute_texts.ATTRIBUTES)] * len(texts)
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    columns = {"context_hash": hashes, "context": list(texts), "attributes": asked}
    return pa.table(columns)


def _frame(spark: "SparkSession", texts: Sequence[str]) -> "DataFrame":
    return spark.createDataFrame(_arrow(texts))


def _extract(card: Card, precision: str):  # type: ignore[no-untyped-def] # for mapInArrow
    return attribute_spans(
        card.folder,
        fingerprint=card.fingerprint,
        token_budget=BUDGET,
        threads=1,
        precision=precision,
    )


def _stage(frame: "DataFrame", card: Card, precision: str) -> tuple[float, pa.Table]:
    frame = _cached(frame)
    started = time.perf_counter()
    spread = frame.repartition(TASKS)
    table = spread.mapInArrow(_extract(card, precision), SCHEMA).toArrow()
    return time.perf_counter() - started, table


def _flat(
    frame: "DataFrame", predict: Callable[..., "Column"]
) -> tuple[float, pa.Table]:
    from pyspark.sql import functions as sql

    each = sql.explode("attributes").alias("attribute")
    flat = _cached(
        frame.select("context_hash", "context", each).repartition(TASKS, *KEY)
    )
    started = time.perf_counter()
    scored = flat.select(*KEY, predict("context", "attribute").alias("found"))
    # Its fields are taken out here: `found.*` in the plan may run the model thrice.
    table = scored.toArrow()
    seconds = time.perf_counter() - started
    flattened = table.flatten()
    names = [name.removeprefix("found.") for name in flattened.column_names]
    return seconds, flattened.rename_columns(names)


def _cached(frame: "DataFrame") -> "DataFrame":
    frame = frame.cache()
    frame.count()
    return frame


def _bare(table: pa.Table, card: Card, precision: str) -> tuple[float, pa.Table]:
    parts = [
        table.take(list(range(start, len(table), TASKS))) for start in range(TASKS)
    ]
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        warm_up = [(card, precision, part.slice(0, 2)) for part in parts]
        pool.map(_part, warm_up, chunksize=1)
        started = time.perf_counter()
        tasks = [(card, precision, part) for part in parts]
        tables = pool.map(_part, tasks, chunksize=1)
        return time.perf_counter() - started, pa.concat_tables(tables)


def _part(job: tuple[Card, str, pa.Table]) -> pa.Table:
    card, precision, table = job
    batches = table.combine_chunks().to_batches()
    return pa.Table.from_batches(list(_extract(card, precision)(iter(batches))))


def _spans(table: pa.Table) -> Found:
    return {
        (row["context_hash"], row["attribute"]): (
            row["begin"],
            row["end"],
            row["score"],
        )
        for row in table.to_pylist()
    }


def _read_whole(card: Card, texts: Sequence[str]) -> set[Key]:
    """Examples of one window, which *fixed* does not cut."""
    table = _arrow(texts)
    keys = [
        (key, name)
        for key in table["context_hash"].to_pylist()
        for name in attribute_texts.ATTRIBUTES
    ]
    model = load(card.folder, device="cpu", precision="fp32")
    contexts = [text for text in texts for _ in attribute_texts.ATTRIBUTES]
    windows = model.windows(contexts, [name for _, name in keys])
    counts = Counter(window.example for window in windows)
    return {key for place, key in enumerate(keys) if counts[place] == 1}


def _check_same(stage: Found, other: Found) -> None:
    """The same scores; another span only where it is as good."""
    assert other
    for key, (_, _, score) in other.items():
        assert abs(stage[key][2] - score) < TIE, key
    assert _share_same(stage, other) > 0.995


def _share_same(stage: Found, other: Found) -> float:
    return float(np.mean([stage[key][:2] == span[:2] for key, span in other.items()]))


if __name__ == "__main__":
    main()
