"""Measures of a passage model on questions with passages."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jobs.config import Among, PoolOf, SettingsError
from jobs.sources.passages import AskedQuestion, pool_of
from models.calibration import Decision, decide
from models.passages import load
from models.passages.examples import Pool
from models.passages.model import PassageModel
from models.passages.vectors import ranks_of
from models.ranking import Ranks, joined
from udfs.batching import computed_in, device_name

Measured = Mapping[str, Any]
_QUESTIONS_AT_ONCE = 256
_N_WRONG = 10


def ranked(
    model: PassageModel,
    rows: Sequence[AskedQuestion],
    *,
    pool: PoolOf,
    among: Among = "domain",
    min_questions: int = 1,
) -> tuple[Ranks, dict[str, Any]]:
    """How questions' passages are ranked among those of their domain or group.

    Args:
        model: Any method's.
        rows: Questions with passages.
        pool: gold or all, see `jobs.sources.passages.pool_of`.
        among: Each domain is a pool of its own, or each group.
        min_questions: Passages that answer fewer questions are left out.

    Returns:
        The ranks; and counts of what was ranked, among them the questions that have
        no wrong candidate, whose ranks are perfect whatever the model.

    Raises:
        SettingsError: No question is left.
    """
    of_pools: dict[str, list[AskedQuestion]] = {}
    for row in rows:
        of_pools.setdefault(str(getattr(row, among)), []).append(row)
    pools = [
        pool_of(one, pool, min_questions=min_questions) for one in of_pools.values()
    ]
    pools = [one for one in pools if len(one)]
    if not pools:
        raise SettingsError(
            f"{len(rows)} questions, none with a passage that answers {min_questions},"
            " expected some"
        )
    started = time.monotonic()
    found = joined([ranks_of(model.index(one.candidates), one) for one in pools])
    seconds = time.monotonic() - started
    n_right = [len(places) for one in pools for places in one.right]
    n_without_wrong = sum(
        len(places) == len(one.candidates) for one in pools for places in one.right
    )
    return found, {
        "n_questions": len(found),
        "n_candidates": sum(len(one.candidates) for one in pools),
        "n_pools": len(pools),
        "right_per_question": float(np.mean(n_right)),
        "n_without_wrong": n_without_wrong,
        "milliseconds_per_question": 1000 * seconds / len(found),
        "pool": pool,
        "among": among,
        "min_questions": min_questions,
    }


def calibrated(model: PassageModel, pool: Pool) -> Decision:
    """From a model's scores to the probability that a candidate is right.

    Fitted on the right candidates of a pool's questions and the ten best wrong ones of
    each; as they are where there is no wrong one.
    """
    logits, labels = [], []
    index = model.index(pool.candidates)
    for start in range(0, len(pool), _QUESTIONS_AT_ONCE):
        end = start + _QUESTIONS_AT_ONCE
        scores = index.scores(pool.questions[start:end])
        for row, right in zip(scores, pool.right[start:end], strict=True):
            wrong = np.delete(row, list(right))
            worst = np.sort(wrong)[::-1][:_N_WRONG]
            logits += [*row[list(right)], *worst]
            labels += [1] * len(right) + [0] * len(worst)
    if len(set(labels)) < 2:
        return Decision(0.5)
    return decide(np.array(labels), np.array(logits))


def measured(
    folder: str,
    rows: Sequence[AskedQuestion],
    *,
    pool: PoolOf,
    among: Among = "domain",
    min_questions: int = 1,
    precision: str = "fp32",
) -> Measured:
    """MRR, set recall and hit rate of a model, with its name and fingerprint."""
    model = load(folder, device=device_name(), precision=precision)
    found, counts = ranked(
        model, rows, pool=pool, among=among, min_questions=min_questions
    )
    return {
        **counts,
        **found.measures(),
        "model_name": model.name,
        "model_fp": model.fingerprint,
        "computed_in": computed_in(precision),
    }
