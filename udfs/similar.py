"""The answered questions that are nearest to others: the adapter of their search."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from udfs.batching import ArrowMap, given_device, set_threads
from udfs.passages import matrix_of, nearest

SCHEMA = (
    "question_id string, similar_id string, cosine double, n_wanted int, n_found int"
)
_ARROW = pa.schema(
    [
        ("question_id", pa.string()),
        ("similar_id", pa.string()),
        ("cosine", pa.float64()),
        ("n_wanted", pa.int32()),
        ("n_found", pa.int32()),
    ]
)
_LINKS = 32  # of a node in the approximate search's graph
_BREADTH = 128  # nodes that a search keeps in view
_MEASURED = 100  # questions of a block by which the recall is measured


class NoFaissError(RuntimeError):
    """The approximate search needs faiss, which is not installed."""


def similar_questions(
    *, n_similar: int, min_cosine: float, is_exact: bool, threads: int
) -> ArrowMap:
    """A function for `DataFrame.mapInArrow` from blocks to similar questions.

    In: columns of `pipelines.similar.question_blocks`. Out: `SCHEMA`; a block that is
    searched approximately has one more row, without ids: how many of the nearest of
    its first questions were wanted and found.

    Args:
        n_similar: Of a question in one block, at most.
        min_cosine: Of the vectors of two questions, at least.
        is_exact: False: faiss' HNSW graph, and its recall of some questions.
        threads: CPU threads of one worker.
    """

    def find(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        set_threads(threads)
        search = _Search(
            n_similar=n_similar,
            min_cosine=min_cosine,
            is_exact=is_exact,
            threads=threads,
            device=given_device(),
        )
        for blocks in batches:
            for place in range(blocks.num_rows):
                yield _of_block(blocks.slice(place, 1), search)

    return find


@dataclass(frozen=True)
class _Search:
    """How a block is searched; see `similar_questions`."""

    n_similar: int
    min_cosine: float
    is_exact: bool
    threads: int
    device: str


def _of_block(block: pa.RecordBatch, search: _Search) -> pa.RecordBatch:
    (asked, asked_of), (said, said_of) = (
        (
            unit(matrix_of(block.column(f"{side}_vectors").flatten())),
            np.array(block.column(f"{side}_products").flatten().to_pylist()),
        )
        for side in ("asked", "answered")
    )
    measured = None
    n_similar, device = search.n_similar, search.device
    if search.is_exact:
        places, cosines = exact(
            asked, asked_of, said, said_of, n_similar, device=device
        )
    else:
        places, cosines = approximate(
            asked, asked_of, said, said_of, n_similar, search.threads
        )
        some = slice(0, _MEASURED)
        wanted = exact(
            asked[some], asked_of[some], said, said_of, n_similar, device=device
        )
        measured = recall_of(places[some], wanted, search.min_cosine)
    is_kept = cosines >= search.min_cosine
    of_question = np.repeat(np.arange(len(places)), is_kept.sum(axis=1))
    found = places[is_kept]
    ids = {
        side: block.column(f"{side}_ids").flatten() for side in ("asked", "answered")
    }
    nothing = pa.nulls(len(found), pa.int32())
    rows = pa.RecordBatch.from_arrays(
        [
            ids["asked"].take(pa.array(of_question)),
            ids["answered"].take(pa.array(found)),
            pa.array(cosines[is_kept], pa.float64()),
            nothing,
            nothing,
        ],
        schema=_ARROW,
    )
    if measured is None:
        return rows
    told = dict(zip(("n_wanted", "n_found"), measured, strict=True))
    return pa.concat_batches([rows, pa.RecordBatch.from_pylist([told], _ARROW)])


def unit(vectors: np.ndarray) -> np.ndarray:
    """Of length one, fp32; zeros stay."""
    found = vectors.astype(np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    np.divide(found, lengths, out=found, where=lengths > 0)
    return found


def exact(
    asked: np.ndarray,
    asked_of: np.ndarray,
    said: np.ndarray,
    said_of: np.ndarray,
    n_similar: int,
    *,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest answered questions of other products.

    Args:
        asked: Vectors of length one, [n, D].
        asked_of: Product of each, [n].
        said: Of the answered questions, [m, D].
        said_of: Product of each, [m].
        n_similar: Of a question, at most.
        device: Of torch, that multiplies.

    Returns:
        Places, best first, and cosines, [n, min(n_similar, m)] each; the cosine is
        -inf where there are no more.
    """

    def other(start: int, end: int) -> np.ndarray:
        is_own = asked_of[start:end, None] == said_of[None, :]
        found: np.ndarray = np.where(is_own, -np.inf, 0.0)
        return found

    return nearest(asked, said, top_k=n_similar, beside=other, device=device)


def approximate(
    asked: np.ndarray,
    asked_of: np.ndarray,
    said: np.ndarray,
    said_of: np.ndarray,
    n_similar: int,
    threads: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The same by a graph of neighbours, which may miss some.

    Raises:
        NoFaissError: faiss is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise NoFaissError(
            "faiss is not installed, expected the extra approximate (pip install"
            " 'catalog-enrichment[approximate]'), or a larger"
            " retrieve_passages.approximate_above"
        ) from None
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexHNSWFlat(said.shape[1], _LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efSearch = _BREADTH
    index.add(said)
    # All of the own product's may be the nearest.
    most_of_one = int(np.unique(said_of, return_counts=True)[1].max())
    n_found = min(n_similar + most_of_one, len(said))
    cosines, places = index.search(asked, n_found)
    is_own = (places < 0) | (asked_of[:, None] == said_of[places])
    cosines = np.where(is_own, -np.inf, cosines.astype(np.float64))
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :n_similar]
    return (
        np.take_along_axis(places, order, axis=1),
        np.take_along_axis(cosines, order, axis=1),
    )


def recall_of(
    places: np.ndarray, wanted: tuple[np.ndarray, np.ndarray], min_cosine: float
) -> tuple[int, int]:
    """How many of the exact ones are near enough, and how many of these were found."""
    n_found = n_wanted = 0
    for row, best, cosines in zip(places, *wanted, strict=True):
        there = set(best[cosines >= min_cosine].tolist())
        n_wanted += len(there)
        n_found += len(there & set(row.tolist()))
    return n_wanted, n_found
