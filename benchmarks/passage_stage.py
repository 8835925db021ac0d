"""The vector stage against sentence-transformers, and exact top-k against others.

    python -m benchmarks.passage_stage [--json FILE] [--texts N] [--passages N]

Vectors: what `encode_passages` does with a chunk (texts spread over the tasks,
`mapInArrow`, every vector taken out) against *bare*, the same texts given to the same
number of processes without Spark, and against sentence-transformers' `encode` as it
comes (one process that may use all threads, fp32, batches of 32) and in bf16. The same
MiniLM everywhere; the vectors must be the same but for their numbers' precision. Then
the stage alone with a quarter, half and all of the texts: how its time grows.

Top-k: `udfs.passages.nearest`, the inner function of `retrieve_passages`, against a
cross join in pandas, of as many questions as fit in memory, and against faiss' flat
index, on vectors of MiniLM's size; all find the same, warm, the faster of two rounds.
Where sentence-transformers or faiss is missing, its rows are left out:
`pip install -e '.[dev,benchmark]'`.
"""

import argparse
import hashlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch

from benchmarks import attribute_texts, report
from models import checkpoint
from models.checkpoint import Card, read_words
from models.encoder import packaged
from models.passages.minilm_cosine import train
from tests.models.toy_passages import examples, recipe
from udfs.passages import VECTOR_SCHEMA, nearest, text_vectors

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROCESSES = 2
TASKS = 2 * PROCESSES
ROUNDS = 2  # of all ways in turn; the faster counts
BUDGET = 16_384
# Sentences of reviews, bullets and descriptions.
SENTENCES = (attribute_texts.Kind(1.0, 17.0, 0.7),)
N_QUESTIONS, TOP_K, SIZE = 200, 5, 384

Found = Mapping[str, np.ndarray]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json")
    parser.add_argument("--texts", type=int, default=3_000)
    parser.add_argument("--passages", type=int, default=160_000, help="of the largest")
    options = parser.parse_args()
    made, grown = vectors(options.texts)
    tables = {"vectors": made, "growth": grown, "top-k": top_k(options.passages)}
    report.keep(options.json, tables)


def vectors(n_texts: int) -> tuple[list[report.Row], list[report.Row]]:
    """One row a way to make the vectors of texts; one a number of them in the stage."""
    from jobs import config, session

    settings = ["spark.master=local[2]", "spark.shuffle_partitions=4"]
    document = config.read([str(config.CONF / "local.yaml")], settings)
    spark = session.build(config.spark_of(document))
    with tempfile.TemporaryDirectory() as folder:
        card = _model(Path(folder) / "passages")
        texts = attribute_texts.texts(SENTENCES, n_texts, read_words(card.folder))
        ways: dict[str, Callable[[Sequence[str]], tuple[float, Found]]] = {
            "stage, bf16": lambda some: _stage(spark, some, card, "bf16"),
            "stage, fp32": lambda some: _stage(spark, some, card, "fp32"),
            "bare, bf16": lambda some: _bare(some, card, "bf16"),
            "bare, fp32": lambda some: _bare(some, card, "fp32"),
        }
        if find_spec("sentence_transformers"):
            ways |= {
                "sentence-transformers, as it comes": _encoder("float32"),
                "sentence-transformers, bf16": _encoder("bfloat16"),
            }
        seconds, found = dict.fromkeys(ways, float("inf")), {}
        for n_round in range(1 + ROUNDS):
            for way, timed in ways.items():
                # The first round starts workers and loads the model.
                given = texts if n_round else texts[: 8 * TASKS]
                taken, found[way] = timed(given)
                if n_round:
                    seconds[way] = min(seconds[way], taken)
        n_growing = [n_texts // 4, n_texts // 2, n_texts]
        grown = [
            min(ways["stage, bf16"](texts[:n])[0] for _ in range(ROUNDS))
            for n in n_growing
        ]
    for way, one in found.items():
        _check_same(found["stage, fp32"], one, 1e-2 if "bf16" in way else 2e-3)
    rates = {way: n_texts / seconds[way] for way in ways}
    rows: list[report.Row] = [
        {
            "way": way,
            "texts/s": rates[way],
            "stage, bf16 : way": rates["stage, bf16"] / rates[way],
            "stage, fp32 : way": rates["stage, fp32"] / rates[way],
        }
        for way in ways
    ]
    title = f"Vectors of {n_texts:,} sentences, {PROCESSES} processes"
    report.show(f"{title} ({report.machine()})", rows)
    growth: list[report.Row] = [
        {"texts": n, "seconds": taken, "texts/s": n / taken}
        for n, taken in zip(n_growing, grown, strict=True)
    ]
    report.show(f"The stage, bf16, by texts ({report.machine()})", growth)
    print(f"\nFitted exponent: {_exponent(n_growing, grown):.2f}")
    return rows, growth


def _exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Of the power of the size that the time grows with."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _model(folder: Path) -> Card:
    made = train(
        examples(8),
        recipe(max_question_tokens=40, max_passage_tokens=128),
        lambda _: None,
    )
    return checkpoint.save(
        str(folder),
        name="minilm-cosine",
        config={"sizes": dict(made.config), "threshold": 0.5},
        weights=made.network.state_dict(),
        words=made.words,
        metrics={},
    )


def _arrow(texts: Sequence[str]) -> pa.Table:
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    columns = {"text_hash": hashes, "side": ["passage"] * len(texts), "text": texts}
    return pa.table({**columns, "lane": pa.array([0] * len(texts), pa.int32())})


def _read(card: Card, precision: str):  # type: ignore[no-untyped-def] # for mapInArrow
    return text_vectors(
        card.folder,
        fingerprint=card.fingerprint,
        token_budget=BUDGET,
        threads=1,
        precision=precision,
    )


def _stage(
    spark: "SparkSession", texts: Sequence[str], card: Card, precision: str
) -> tuple[float, Found]:
    frame = spark.createDataFrame(_arrow(texts)).cache()
    frame.count()
    started = time.perf_counter()
    spread = frame.repartition(TASKS)
    table = spread.mapInArrow(_read(card, precision), VECTOR_SCHEMA).toArrow()
    seconds = time.perf_counter() - started
    frame.unpersist()
    return seconds, _found(table)


def _bare(texts: Sequence[str], card: Card, precision: str) -> tuple[float, Found]:
    table = _arrow(texts)
    parts = [
        table.take(list(range(start, len(table), TASKS))) for start in range(TASKS)
    ]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        warm_up = [(card, precision, part.slice(0, 2)) for part in parts]
        pool.map(_part, warm_up, chunksize=1)
        started = time.perf_counter()
        tasks = [(card, precision, part) for part in parts]
        tables = pool.map(_part, tasks, chunksize=1)
        return time.perf_counter() - started, _found(pa.concat_tables(tables))


def _part(job: tuple[Card, str, pa.Table]) -> pa.Table:
    card, precision, table = job
    batches = table.combine_chunks().to_batches()
    return pa.Table.from_batches(list(_read(card, precision)(iter(batches))))


def _encoder(number: str) -> Callable[[Sequence[str]], tuple[float, Found]]:
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(PROCESSES)
    model = SentenceTransformer(
        packaged(), device="cpu", model_kwargs={"dtype": getattr(torch, number)}
    )
    model.max_seq_length = 128

    def encode(texts: Sequence[str]) -> tuple[float, Found]:
        torch.set_num_threads(PROCESSES)
        hashes = _arrow(texts)["text_hash"].to_pylist()
        started = time.perf_counter()
        made = model.encode(list(texts), convert_to_tensor=True).float().numpy()
        return time.perf_counter() - started, dict(zip(hashes, made, strict=True))

    return encode


def _found(table: pa.Table) -> Found:
    return {
        row["text_hash"]: np.frombuffer(row["vector"], dtype="<f2").astype(np.float32)
        for row in table.to_pylist()
    }


def _check_same(first: Found, other: Found, tolerance: float) -> None:
    """The cosine of a text's two vectors is 1, but for so much."""
    assert first.keys() == other.keys()
    for key, vector in first.items():
        lengths = np.linalg.norm(vector) * np.linalg.norm(other[key])
        assert vector @ other[key] > (1 - tolerance) * lengths, key


def top_k(n_most: int) -> list[report.Row]:
    """One row a number of passages: seconds of each way, and ratios."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    asked = _unit(rng.normal(size=(N_QUESTIONS, SIZE)))
    rows: list[report.Row] = []
    sizes, of_blocks = [n_most // 16, n_most // 4, n_most], []
    for n_passages in sizes:
        said = _unit(rng.normal(size=(n_passages, SIZE)))
        ways = {"blocks": _blocks, "pandas": _pandas}
        if find_spec("faiss"):
            ways["faiss flat"] = _faiss
        seconds, found = {}, {}
        for way, search in ways.items():
            # A cross join of all is more than the memory holds: of fewer questions, and
            # its time for as many as the others had.
            n_some = max(1, 2_000_000 // n_passages)
            some = asked[:n_some] if way == "pandas" else asked
            search(some[:1], said)  # starts threads, imports
            taken = [float("inf")]
            for _ in range(ROUNDS):
                started = time.perf_counter()
                found[way] = search(some, said)
                taken.append(time.perf_counter() - started)
            seconds[way] = min(taken) * len(asked) / len(some)
        of_blocks.append(seconds["blocks"])
        for one in found.values():
            assert np.array_equal(one, found["blocks"][: len(one)])
        rows.append(
            {
                "passages": n_passages,
                "questions": len(asked),
                **{f"{way}, s": value for way, value in seconds.items()},
                **{
                    f"{way} : blocks": value / seconds["blocks"]
                    for way, value in seconds.items()
                    if way != "blocks"
                },
            }
        )
    report.show(f"Exact top-{TOP_K}, one thread ({report.machine()})", rows)
    print(f"\nFitted exponent of blocks: {_exponent(sizes, of_blocks):.2f}")
    return rows


def _unit(vectors: np.ndarray) -> np.ndarray:
    """As they are stored: half-precision numbers."""
    found: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found.astype("<f2")


def _blocks(asked: np.ndarray, said: np.ndarray) -> np.ndarray:
    places, _ = nearest(asked, said, top_k=TOP_K)
    return places


def _pandas(asked: np.ndarray, said: np.ndarray) -> np.ndarray:
    import pandas as pd

    questions = pd.DataFrame({"question": range(len(asked))})
    passages = pd.DataFrame({"passage": range(len(said))})
    pairs = questions.merge(passages, how="cross")
    pairs["score"] = np.einsum(
        "nd,nd->n",
        asked.astype(np.float32)[pairs["question"]],
        said.astype(np.float32)[pairs["passage"]],
    )
    best = pairs.sort_values("score", ascending=False).groupby("question").head(TOP_K)
    ordered = best.sort_values(["question", "score"], ascending=[True, False])
    return ordered["passage"].to_numpy().reshape(len(asked), -1)


def _faiss(asked: np.ndarray, said: np.ndarray) -> np.ndarray:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(SIZE)
    index.add(said.astype(np.float32))
    _, places = index.search(asked.astype(np.float32), TOP_K)
    found: np.ndarray = places
    return found


if __name__ == "__main__":
    main()
