"""Values of attributes in texts: the adapter of the attribute models."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from models.attributes import AttributeExtractor, load
from models.attributes.extractor import Extracted, best_of
from udfs.batching import Failure, in_budget, model_of_run, refuse_nan, set_threads

SCHEMA = (
    "context_hash string, attribute string, value string, begin int, end int,"
    " score double, error_class string, message string"
)
_ARROW = pa.schema(
    [
        ("context_hash", pa.string()),
        ("attribute", pa.string()),
        ("value", pa.string()),
        ("begin", pa.int32()),
        ("end", pa.int32()),
        ("score", pa.float64()),
        ("error_class", pa.string()),
        ("message", pa.string()),
    ]
)
# So many examples are sorted by length together: the more, the less padding. A window
# takes about a kilobyte.
_EXAMPLES_AT_ONCE = 25_000


def extract_values(
    model: AttributeExtractor,
    contexts: Sequence[str],
    attributes: Sequence[str],
    *,
    token_budget: int,
) -> tuple[list[Extracted], dict[int, Failure]]:
    """The best value of each example; needs no Spark.

    Each distinct text is tokenised once; windows of like length share a batch.

    Args:
        model: From `models.attributes.load`.
        contexts: Text of each example, [n].
        attributes: Attribute asked of it, [n].
        token_budget: Padded tokens of one batch.

    Returns:
        What was found, [n], also where the logit is below 0; and the failures by the
        place of their example, of which nothing is found.
    """
    windows = model.windows(contexts, attributes)
    lengths = np.array([len(window) for window in windows])

    def extract(places: np.ndarray) -> list[Extracted]:
        found = model.extract([windows[place] for place in places])
        refuse_nan(np.array([one.logit for one in found]))
        return found

    results = in_budget(lengths, token_budget, extract)
    failures = {
        windows[place].example: failure for place, failure in results.failures.items()
    }
    found = [
        one
        for _, batch in results.batches
        for one in batch
        if one.example not in failures
    ]
    return best_of(found, len(contexts)), failures


def attribute_spans(
    folder: str, *, fingerprint: str, token_budget: int, threads: int, precision: str
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `DataFrame.mapInArrow` from texts to what is found in them.

    In: columns of `pipelines.attributes.missing_examples`. Out: `SCHEMA`, one row a
    text and attribute, with a score or an error; value is null and the score 0 where
    the model finds nothing. The model is loaded once a worker process, which refuses a
    folder whose fingerprint is another one.

    Args:
        folder: Model folder that every worker can read.
        fingerprint: The model's.
        token_budget: Padded tokens of one batch.
        threads: CPU threads of one worker.
        precision: fp32, bf16, fp16 or int8.
    """

    def extract(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        set_threads(threads)
        model = model_of_run(folder, fingerprint, precision, load)
        for texts in batches:
            for first, end in _runs(texts):
                yield _extracted(model, texts.slice(first, end - first), token_budget)

    return extract


def _runs(texts: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """First text, and the one behind the last, of runs of `_EXAMPLES_AT_ONCE`."""
    sizes = texts.column("attributes").value_lengths().to_numpy(zero_copy_only=False)
    groups = (np.cumsum(sizes) - sizes) // _EXAMPLES_AT_ONCE
    borders = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(sizes)]
    for first, end in pairwise(borders):
        if first < end:
            yield first, end


def _extracted(
    model: AttributeExtractor, texts: pa.RecordBatch, token_budget: int
) -> pa.RecordBatch:
    asked = texts.column("attributes")
    of_text = asked.value_parent_indices()
    whole = texts.column("context").to_pylist()
    contexts = [whole[place] for place in of_text.to_pylist()]
    attributes = asked.flatten()
    found, failures = extract_values(
        model, contexts, attributes.to_pylist(), token_budget=token_budget
    )
    values = [one.value(text) for one, text in zip(found, contexts, strict=True)]
    spans = [one.span or (None, None) for one in found]
    scores = [0.0 if one.span is None else model.score(one.logit) for one in found]
    refused = [failures.get(place) for place in range(len(found))]
    is_refused = np.array([one is not None for one in refused], dtype=bool)
    return pa.RecordBatch.from_arrays(
        [
            texts.column("context_hash").take(of_text),
            attributes,
            pa.array(values, pa.string()),
            pa.array([begin for begin, _ in spans], pa.int32()),
            pa.array([end for _, end in spans], pa.int32()),
            pa.array(scores, pa.float64(), mask=is_refused),
            pa.array([one and one.error_class for one in refused], pa.string()),
            pa.array([one and one.message for one in refused], pa.string()),
        ],
        schema=_ARROW,
    )
