"""Write a sample landing zone and its truth, in parallel and all or nothing.

Below OUT: `landing/` with products, reviews, questions and purchases in the published
formats, `truth/` with answers and attributes, `labelled/answers.jsonl` with training
rows of products that are not in the landing zone. The lines depend on the seed and
the number of products alone; only how many files they fill can be chosen.
"""

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from jobs.sample.folder import Folder
from jobs.sample.formats import CSV_HEADER, product_lines
from jobs.sample.generate import generate_product
from jobs.sample.truth import labelled_lines, truth_lines

_FILES = {
    "products": "landing/products/{}.jsonl.gz",
    "reviews": "landing/reviews/{}.jsonl.gz",
    "reviews_csv": "landing/reviews/{}.csv.gz",
    "questions": "landing/questions/qa_{}.json.gz",
    "questions_nested": "landing/questions/QA_multiple_{}.json.gz",
    "purchases": "landing/purchases/{}.jsonl.gz",
    "answers": "truth/answers/{}.jsonl.gz",
    "attributes": "truth/attributes/{}.jsonl.gz",
}
_LABELLED_FILES = {"labelled": "labelled/answers.jsonl"}
_LINES = "kind string, position long, line string"
_PRODUCTS_PER_BATCH = 50
_PRODUCTS_PER_FILE = 5000


def write_sample(
    spark: SparkSession,
    out: str,
    *,
    n_products: int,
    n_labelled_products: int,
    seed: int,
    n_files: int | None,
) -> dict[str, int]:
    """Write the sample and count its lines by kind.

    Args:
        spark: The session.
        out: Folder that Spark can write to; it may hold an unfinished sample only.
        n_products: Products of the landing zone, at least 1.
        n_labelled_products: Products of the training rows, at least 0.
        seed: Of everything.
        n_files: Files of each kind; None: as many as suit the number of products.

    Returns:
        Lines by kind: the keys are those of `landing/`, `truth/` and `labelled/`,
        CSV headers not counted.

    Raises:
        ValueError: The folder is not empty, or a number is out of range.
    """
    files = suitable_files(n_products) if n_files is None else n_files
    _check_numbers(n_products, n_labelled_products, files)
    folder = Folder(spark, out)
    folder.start()
    try:
        products = spark.range(0, n_products, 1, files)
        counts = _write(_lines(products, seed, is_labelled=False), folder, _FILES)
        if n_labelled_products:
            end = n_products + n_labelled_products
            labelled = spark.range(n_products, end, 1, 1)
            rows = _lines(labelled, seed, is_labelled=True)
            counts |= _write(rows, folder, _LABELLED_FILES)
        folder.publish()
    finally:
        folder.discard()
    return counts


def _check_numbers(n_products: int, n_labelled_products: int, files: int) -> None:
    _require(n_products >= 1, f"products: {n_products}, expected at least 1")
    _require(
        n_labelled_products >= 0,
        f"labelled_products: {n_labelled_products}, expected at least 0",
    )
    _require(1 <= files <= n_products, f"files: {files}, expected 1 to {n_products}")


def suitable_files(n_products: int) -> int:
    """Files of each kind: enough to share the work, not so many that they are tiny."""
    return max(1, min(64, n_products // 50), n_products // _PRODUCTS_PER_FILE)


def _lines(indices: DataFrame, seed: int, *, is_labelled: bool) -> DataFrame:
    """Every line of the products with its kind and its position in the task."""

    def generate(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        n_lines = 0
        for batch in batches:
            numbers = batch.column(0).to_pylist()
            for first in range(0, len(numbers), _PRODUCTS_PER_BATCH):
                some = numbers[first : first + _PRODUCTS_PER_BATCH]
                pairs = [p for i in some for p in _product_lines(i, seed, is_labelled)]
                if n_lines == 0 and not is_labelled:
                    pairs.insert(0, ("reviews_csv", CSV_HEADER))
                yield _batch(pairs, n_lines)
                n_lines += len(pairs)

    return indices.mapInArrow(generate, _LINES)


def _product_lines(
    index: int, seed: int, is_labelled: bool
) -> Iterator[tuple[str, str]]:
    product = generate_product(index, seed)
    if is_labelled:
        yield from labelled_lines(product)
        return
    yield from product_lines(product, seed)
    yield from truth_lines(product)


def _batch(pairs: list[tuple[str, str]], first: int) -> pa.RecordBatch:
    kinds, lines = zip(*pairs, strict=True) if pairs else ((), ())
    return pa.RecordBatch.from_arrays(
        [
            pa.array(kinds, pa.string()),
            pa.array(range(first, first + len(pairs)), pa.int64()),
            pa.array(lines, pa.string()),
        ],
        names=["kind", "position", "line"],
    )


def _write(lines: DataFrame, folder: Folder, files: dict[str, str]) -> dict[str, int]:
    """Stage the lines, give the files their names, count the lines as they pass."""
    is_record = F.col("line") != CSV_HEADER
    observation = Observation()
    counted = lines.observe(
        observation,
        *[
            F.count_if((F.col("kind") == kind) & is_record).alias(kind)
            for kind in files
        ],
    )
    # Spark sorts by the folder anyway; with the position files are the same each time.
    ordered = counted.sortWithinPartitions("kind", "position").select("kind", "line")
    staged = folder.staged("lines")
    compression = "gzip" if files is _FILES else "none"
    writer = ordered.write.partitionBy("kind").mode("overwrite")
    writer.text(staged, compression=compression)
    for kind, pattern in files.items():
        folder.place(f"{staged}/kind={kind}", pattern)
    return {kind: observation.get[kind] for kind in files}


def _require(is_met: bool, message: str) -> None:
    if not is_met:
        raise ValueError(message)
