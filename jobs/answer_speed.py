"""Pairs a second of every compared method, one after the other in one process."""

import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jobs.answer_runs import Bench, labelled_of
from jobs.config import CompareAnswers
from models.answers import WITHOUT_ENCODER, load
from models.checkpoint import read_card
from models.precision import half_of
from udfs.answers import score_block
from udfs.batching import device_name

_TOKEN_BUDGET = 16_384
_QUESTIONS, _SENTENCES = 10, 60
_FEWEST_SECONDS = 2.0


def timed(bench: Bench, settings: CompareAnswers) -> list[dict[str, Any]]:
    """Score blocks of 10 questions and 60 sentences of the set with each kept model.

    One thread; in fp32, and encoders in bf16 where the device has units for it. The
    first block of a model is not counted. Empty where no model was kept.
    """
    folders = sorted((Path(bench.out) / "models").glob("*/fingerprint"))
    if not folders:
        return []
    torch.set_num_threads(1)
    pairs = labelled_of(bench, settings.speed_set)
    questions = list(dict.fromkeys(pair.question for pair in pairs))
    sentences = list(dict.fromkeys(pair.sentence for pair in pairs))
    # A small set is gone through more than once.
    asked, said = cycle(questions), cycle(sentences)
    blocks = [
        (
            list(dict.fromkeys(islice(asked, _QUESTIONS))),
            list(dict.fromkeys(islice(said, _SENTENCES))),
        )
        for _ in range(1 + max(1, settings.speed_questions // _QUESTIONS))
    ]
    return [
        _one(folder, blocks, precision)
        for folder in (str(path.parent) for path in folders)
        for precision in _precisions(read_card(folder).name)
    ]


def _precisions(method: str) -> tuple[str, ...]:
    has_units = half_of("bf16", torch.device(device_name())) is not None
    if has_units and method not in WITHOUT_ENCODER:
        return "fp32", "bf16"
    return ("fp32",)


def _one(
    folder: str, blocks: list[tuple[list[str], list[str]]], precision: str
) -> dict[str, Any]:
    model = load(folder, device=device_name(), precision=precision)
    n_pairs, started = 0, 0.0
    for place, (asked, said) in enumerate(blocks):
        if place == 1:
            started = time.perf_counter()
        score_block(
            model,
            asked,
            said,
            np.repeat(np.arange(len(asked)), len(said)),
            np.tile(np.arange(len(said)), len(asked)),
            token_budget=_TOKEN_BUDGET,
        )
        if place:
            n_pairs += len(asked) * len(said)
            if time.perf_counter() - started > _FEWEST_SECONDS:
                break
    seconds = time.perf_counter() - started
    card = read_card(folder)
    return {
        "method": card.name,
        "precision": precision,
        "device": device_name(),
        "pairs": n_pairs,
        "seconds": seconds,
        "pairs_per_second": n_pairs / seconds,
    }
