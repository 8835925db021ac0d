"""Vectors of texts, and the nearest passages by them: the adapter of passage models."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from models.passages import load
from models.ranking import best_first
from udfs.batching import (
    ArrowMap,
    Failure,
    NotANumberError,
    given_device,
    in_budget,
    model_of_run,
    set_threads,
)

if TYPE_CHECKING:
    from models.passages.examples import Side
    from models.passages.lexicon import Lexicon
    from models.passages.model import PassageModel

VECTOR_SCHEMA = (
    "text_hash string, side string, vector binary, error_class string, message string"
)
_VECTOR_ARROW = pa.schema(
    [
        ("text_hash", pa.string()),
        ("side", pa.string()),
        ("vector", pa.binary()),
        ("error_class", pa.string()),
        ("message", pa.string()),
    ]
)
NEAREST_SCHEMA = (
    "product_id string, question_id string, sentence_id string, similarity double,"
    " score double"
)
_NEAREST_ARROW = pa.schema(
    [
        ("product_id", pa.string()),
        ("question_id", pa.string()),
        ("sentence_id", pa.string()),
        ("similarity", pa.float64()),
        ("score", pa.float64()),
    ]
)
_HALF = np.dtype("<f2")
# Scores of so many questions and passages are held at once, some 64 MB.
_SCORES_AT_ONCE = 1 << 24
# So many more than wanted are told apart in fp64.
_SPARE = 8


def encode(
    model: "PassageModel", texts: Sequence[str], side: "Side", *, token_budget: int
) -> tuple[np.ndarray, dict[int, Failure]]:
    """Vectors of texts; needs no Spark.

    Texts of like length share a batch.

    Args:
        model: From `models.passages.load`, of a method that gives vectors.
        texts: [n].
        side: question or passage.
        token_budget: Padded tokens of one batch.

    Returns:
        Half-precision numbers [n, D], 0 where there is a failure; and the failures by
        the place of their text.
    """
    found = np.zeros((len(texts), model.size), dtype=_HALF)

    def read(places: np.ndarray) -> np.ndarray:
        vectors = model.vectors([texts[place] for place in places], side)
        with np.errstate(over="ignore"):
            halves = vectors.astype(_HALF)
        if not np.isfinite(halves).all():
            raise NotANumberError("the vector has a number that 16 bits do not hold")
        return halves

    results = in_budget(model.lengths(texts, side), token_budget, read)
    for places, vectors in results.batches:
        found[places] = vectors
    return found, results.failures


def text_vectors(
    folder: str, *, fingerprint: str, token_budget: int, threads: int, precision: str
) -> ArrowMap:
    """A function for `DataFrame.mapInArrow` from texts to their vectors.

    In: columns of `pipelines.passages.missing_texts`. Out: `VECTOR_SCHEMA`, one row a
    text, with a vector or an error. The model is loaded once a worker process, which
    refuses a folder whose fingerprint is another one.

    Args:
        folder: Model folder that every worker can read.
        fingerprint: The model's.
        token_budget: Padded tokens of one batch.
        threads: CPU threads of one worker.
        precision: fp32, bf16 or fp16.
    """

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        set_threads(threads)
        model = model_of_run(folder, fingerprint, precision, load)
        for texts in batches:
            yield _vectors(model, texts, token_budget)

    return read


def _vectors(
    model: "PassageModel", texts: pa.RecordBatch, token_budget: int
) -> pa.RecordBatch:
    whole = texts.column("text").to_pylist()
    sides = np.array(texts.column("side").to_pylist(), dtype=object)
    vectors = np.zeros((len(whole), model.size), dtype=_HALF)
    failures: dict[int, Failure] = {}
    for side in ("question", "passage"):
        places = np.flatnonzero(sides == side)
        if len(places):
            vectors[places], failed = encode(
                model,
                [whole[place] for place in places],
                "question" if side == "question" else "passage",
                token_budget=token_budget,
            )
            failures |= {int(places[place]): one for place, one in failed.items()}
    refused = [failures.get(place) for place in range(len(whole))]
    return pa.RecordBatch.from_arrays(
        [
            texts.column("text_hash"),
            texts.column("side"),
            pa.array(
                [
                    None if failure else row.tobytes()
                    for row, failure in zip(vectors, refused, strict=True)
                ],
                pa.binary(),
            ),
            pa.array([one and one.error_class for one in refused], pa.string()),
            pa.array([one and one.message for one in refused], pa.string()),
        ],
        schema=_VECTOR_ARROW,
    )


Beside = Callable[[int, int], np.ndarray]


def nearest(
    questions: np.ndarray,
    passages: np.ndarray,
    *,
    top_k: int,
    beside: Beside | None = None,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """The passages with the highest similarity to each question, exactly.

    It is the inner product, and what stands beside it. All that fp32 cannot tell from
    the wanted ones are found in fp32 and in blocks of questions; theirs are made again
    in fp64, pair by pair, and decide: the size of a block is not seen in a score.

    Args:
        questions: [n, D].
        passages: [m, D].
        top_k: Passages of a question, at most.
        beside: What is added for the questions from one place to another, fp64 [., m].
        device: Of torch, that multiplies.

    Returns:
        Places of the passages, best first, and their similarities,
        [n, min(top_k, m)] each; of equals the smaller place comes first.
    """
    import torch

    n_kept = min(top_k, len(passages))
    places = np.empty((len(questions), n_kept), dtype=np.int64)
    products = np.empty((len(questions), n_kept))
    if not places.size:
        return places, products
    single = passages.astype(np.float32)
    said = torch.from_numpy(single).to(device)
    # What a sum of D products of fp32 may be wrong by, of any passage.
    unit = passages.shape[1] * float(np.finfo(np.float32).eps)
    error = 2 * unit * float(np.linalg.norm(single, axis=1).max())
    step = max(1, _SCORES_AT_ONCE // len(passages))
    for start in range(0, len(questions), step):
        asked = questions[start : start + step].astype(np.float32)
        table = (torch.from_numpy(asked).to(device) @ said.T).cpu().numpy()
        more = beside(start, start + len(table)) if beside is not None else None
        if more is not None:
            table = table + more
        some = min(n_kept + _SPARE, len(passages))
        found = best_first(table, some)
        scores = np.take_along_axis(table, found, axis=1)
        lowest = scores[:, n_kept - 1] - error * np.linalg.norm(asked, axis=1)
        # Where the last of them is too close, more of that question may be among them.
        is_close = (scores[:, -1] >= lowest) & np.isfinite(lowest)
        is_close &= some < len(passages)
        groups = [(np.flatnonzero(~is_close), found[~is_close])]
        groups += [
            (np.array([row]), np.flatnonzero(table[row] >= lowest[row])[None])
            for row in np.flatnonzero(is_close)
        ]
        for rows, chosen in groups:
            own = start + rows
            places[own], products[own] = _ordered(
                questions[own],
                passages,
                np.sort(chosen, axis=1),
                None if more is None else more[rows],
                n_kept,
            )
    return places, products


def _ordered(
    questions: np.ndarray,
    passages: np.ndarray,
    places: np.ndarray,
    more: np.ndarray | None,
    n_kept: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The first of some passages by their products in fp64, those places in order."""
    kept = passages[places].astype(np.float64)
    products = np.einsum("nkd,nd->nk", kept, questions.astype(np.float64))
    if more is not None:
        products += np.take_along_axis(more, places, axis=1)
    order = np.argsort(-products, axis=1, kind="stable")[:, :n_kept]
    return (
        np.take_along_axis(places, order, axis=1),
        np.take_along_axis(products, order, axis=1),
    )


def nearest_passages(
    *,
    top_k: int,
    probability: Callable[[np.ndarray], np.ndarray],
    threads: int,
    lexicon: "Lexicon | None" = None,
) -> ArrowMap:
    """A function for `DataFrame.mapInArrow` from blocks to their questions' passages.

    In: columns of `pipelines.passages.retrieval_blocks`. Out: `NEAREST_SCHEMA`.

    Args:
        top_k: Passages of a question in one block, at most.
        probability: From similarities to the chance that a passage is right.
        threads: CPU threads of one worker.
        lexicon: Of a hybrid, whose blocks hold the texts.
    """

    def find(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        set_threads(threads)
        device = given_device()
        for blocks in batches:
            for place in range(blocks.num_rows):
                block = blocks.slice(place, 1)
                yield _of_block(block, top_k, probability, lexicon, device)

    return find


def _of_block(
    block: pa.RecordBatch,
    top_k: int,
    probability: Callable[[np.ndarray], np.ndarray],
    lexicon: "Lexicon | None",
    device: str,
) -> pa.RecordBatch:
    asked, said = (
        matrix_of(block.column(f"{side}_vectors").flatten())
        for side in ("question", "passage")
    )
    places, products = nearest(
        asked, said, top_k=top_k, beside=_words_of(block, lexicon), device=device
    )
    of_question = np.repeat(np.arange(len(places)), places.shape[1])
    product = block.column("product_id")[0].as_py()
    return pa.RecordBatch.from_arrays(
        [
            pa.array([product] * places.size, pa.string()),
            block.column("question_ids").flatten().take(pa.array(of_question)),
            block.column("sentence_ids").flatten().take(pa.array(places.ravel())),
            pa.array(products.ravel(), pa.float64()),
            pa.array(probability(products).ravel(), pa.float64()),
        ],
        schema=_NEAREST_ARROW,
    )


def _words_of(block: pa.RecordBatch, lexicon: "Lexicon | None") -> Beside | None:
    """What the lexicon makes of a block's texts, which it has for a lexicon alone."""
    if lexicon is None:
        return None
    asked, said = (
        block.column(f"{side}_texts").flatten().to_pylist()
        for side in ("question", "passage")
    )
    return beside_words(lexicon, asked, said)


def beside_words(
    lexicon: "Lexicon | None", questions: Sequence[str], passages: Sequence[str]
) -> Beside | None:
    """What a lexicon, if there is one, adds to the similarity of each pair."""
    if lexicon is None:
        return None
    said = lexicon.read(passages)
    return lambda start, end: lexicon.scores(questions[start:end], said)


def matrix_of(vectors: pa.Array) -> np.ndarray:
    """Stored vectors as one table, [n, D]; they lie one behind the other."""
    first, last = vectors.offset, vectors.offset + len(vectors)
    _, offsets, numbers = vectors.buffers()
    borders = np.frombuffer(offsets, dtype=np.int32)[first : last + 1]
    flat = np.frombuffer(numbers, dtype=_HALF)[borders[0] // 2 : borders[-1] // 2]
    return flat.reshape(len(vectors), -1)
