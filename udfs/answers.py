"""Scores of question-sentence blocks: the adapter of the answer models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from models.answers import AnswerScorer, load
from udfs.batching import (
    Failure,
    Results,
    in_budget,
    model_of_run,
    refuse_nan,
    set_threads,
)

SCHEMA = (
    "question_hash string, sentence_hash string, score double,"
    " error_class string, message string"
)
_ARROW = pa.schema(
    [
        ("question_hash", pa.string()),
        ("sentence_hash", pa.string()),
        ("score", pa.float64()),
        ("error_class", pa.string()),
        ("message", pa.string()),
    ]
)
# Texts of so many pairs are encoded together: the wider, the less padding. A cached
# sentence of the widest method takes some 50 kB.
_PAIRS_AT_ONCE = 25_000


def score_block(
    model: AnswerScorer,
    questions: Sequence[str],
    sentences: Sequence[str],
    pair_question: np.ndarray,
    pair_sentence: np.ndarray,
    *,
    token_budget: int,
) -> tuple[np.ndarray, dict[int, Failure]]:
    """Scores of some pairs of some texts; needs no Spark.

    Each text is encoded once; then only what needs both texts is done for each pair.

    Args:
        model: From `models.answers.load`.
        questions: Distinct questions.
        sentences: Distinct sentences.
        pair_question: Place of each pair's question, [n].
        pair_sentence: Place of each pair's sentence, [n].
        token_budget: Padded tokens of one batch.

    Returns:
        Scores in [0, 1], float32 [n], NaN where there is a failure; and the failures
        by the place of their pair.
    """
    scores = np.full(len(pair_question), np.nan, dtype=np.float32)
    if not len(pair_question):
        return scores, {}
    asked = _Side(model, questions, model.encode_questions, token_budget)
    said = _Side(model, sentences, model.encode_sentences, token_budget)
    failures = (
        {
            place: asked.failures.get(int(question)) or said.failures[int(sentence)]
            for place, (question, sentence) in enumerate(
                zip(pair_question, pair_sentence, strict=True)
            )
            if int(question) in asked.failures or int(sentence) in said.failures
        }
        if asked.failures or said.failures
        else {}
    )
    good = np.array(
        [place for place in range(len(scores)) if place not in failures]
        if failures
        else np.arange(len(scores))
    )
    if len(good):
        of_question, of_sentence = pair_question[good], pair_sentence[good]
        lengths = np.stack(
            [said.lengths[of_sentence], asked.lengths[of_question]], axis=1
        )

        def score(places: np.ndarray) -> np.ndarray:
            return refuse_nan(
                model.score(
                    asked.encoded,
                    said.encoded,
                    asked.rows[of_question[places]],
                    said.rows[of_sentence[places]],
                )
            )

        results = in_budget(lengths, token_budget, score)
        for places, values in results.batches:
            scores[good[places]] = values
        for place, failure in results.failures.items():
            failures[int(good[place])] = failure
    return scores, failures


class _Side:
    """The texts of one side, encoded."""

    def __init__(
        self,
        model: AnswerScorer,
        texts: Sequence[str],
        encode: Callable[[Sequence[str]], Any],
        token_budget: int,
    ) -> None:
        self.lengths = model.lengths(texts)
        results: Results[Any] = in_budget(
            self.lengths,
            token_budget,
            lambda places: encode([texts[place] for place in places]),
        )
        self.failures = results.failures
        done = [places for places, _ in results.batches]
        # Failed texts have no row: the others' rows are numbered without them.
        kept = np.sort(np.concatenate(done)) if done else np.array([], dtype=np.int64)
        self.rows = np.full(len(texts), -1, dtype=np.int64)
        self.rows[kept] = np.arange(len(kept))
        self.encoded = (
            model.concat(
                [encoded for _, encoded in results.batches],
                self.rows[np.concatenate(done)],
            )
            if done
            else None
        )


def answer_scores(
    folder: str, *, fingerprint: str, token_budget: int, threads: int, precision: str
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `DataFrame.mapInArrow` from blocks to scored pairs.

    In: columns of `pipelines.answers.blocks`. Out: `SCHEMA`, one row a pair, with a
    score or an error. The model is loaded once a worker process, which refuses a
    folder whose fingerprint is another one.

    Args:
        folder: Model folder that every worker can read.
        fingerprint: The model's.
        token_budget: Padded tokens of one batch.
        threads: CPU threads of one worker.
        precision: fp32, bf16 or fp16.
    """

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        set_threads(threads)
        model = model_of_run(folder, fingerprint, precision, load)
        for blocks in batches:
            for first, last in _runs(blocks):
                yield _scored(model, blocks.slice(first, last - first), token_budget)

    return score


def _runs(blocks: pa.RecordBatch) -> Iterator[tuple[int, int]]:
    """First and last block of runs that hold about `_PAIRS_AT_ONCE` pairs."""
    sizes = (
        blocks.column("pair_question").value_lengths().to_numpy(zero_copy_only=False)
    )
    groups = (np.cumsum(sizes) - sizes) // _PAIRS_AT_ONCE
    borders = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(sizes)]
    for first, last in pairwise(borders):
        if first < last:
            yield first, last


def _scored(
    model: AnswerScorer, blocks: pa.RecordBatch, token_budget: int
) -> pa.RecordBatch:
    """All blocks together: a text that stands in several is encoded once."""
    asked = _texts_of(blocks, "question")
    said = _texts_of(blocks, "sentence")
    scores, failures = score_block(
        model,
        [text or "" for text in asked.texts],
        [text or "" for text in said.texts],
        asked.of_pair,
        said.of_pair,
        token_budget=token_budget,
    )
    failures |= _without_text(asked) | _without_text(said)
    classes: list[str | None] = [None] * len(scores)
    messages: list[str | None] = [None] * len(scores)
    for place, failure in failures.items():
        scores[place] = np.nan
        classes[place], messages[place] = failure.error_class, failure.message
    return pa.RecordBatch.from_arrays(
        [
            asked.hashes.take(pa.array(asked.of_pair)),
            said.hashes.take(pa.array(said.of_pair)),
            pa.array(scores.astype(np.float64), mask=np.isnan(scores)),
            pa.array(classes, pa.string()),
            pa.array(messages, pa.string()),
        ],
        schema=_ARROW,
    )


@dataclass(frozen=True)
class _Texts:
    """The distinct texts of one side of all blocks, and each pair's place in them."""

    side: str
    hashes: pa.Array
    texts: list[str | None]
    of_pair: np.ndarray


def _texts_of(blocks: pa.RecordBatch, side: str) -> _Texts:
    keys = _flat(blocks, f"{side}_keys")
    hashes = blocks.column(f"{side}_hashes").flatten()
    unique, first, place = np.unique(keys, return_index=True, return_inverse=True)
    distinct = hashes.take(pa.array(first))
    if not distinct.take(pa.array(place)).equals(hashes):
        raise ValueError(f"two {side} hashes have one 64-bit key")
    pair_keys = _flat(blocks, f"pair_{side}")
    of_pair = np.searchsorted(unique, pair_keys)
    texts = blocks.column(f"{side}s").flatten().take(pa.array(first))
    return _Texts(side, distinct, texts.to_pylist(), of_pair)


def _flat(blocks: pa.RecordBatch, name: str) -> np.ndarray:
    values: np.ndarray = blocks.column(name).flatten().to_numpy(zero_copy_only=False)
    return values


def _without_text(side: _Texts) -> dict[int, Failure]:
    """Failures of the pairs whose text is gone from its table."""
    is_gone = np.array([text is None for text in side.texts])
    message = f"the {side.side} is no longer in its table: run the stages before"
    gone = Failure("missing_text", message)
    return {int(place): gone for place in np.flatnonzero(is_gone[side.of_pair])}
