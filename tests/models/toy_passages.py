"""Small questions with passages and a short recipe for the tests of passage models."""

import json
import shutil
from pathlib import Path

import numpy as np

from models.passages.examples import Examples, Matches, Pool, Recipe

N_TOPICS = 8


def sentence_folder(tiny, folder, *, pool="mean", is_unit_length=True, more=()):
    """Copy an encoder and say how it pools, as sentence-transformers does."""
    shutil.copytree(tiny, folder, dirs_exist_ok=True)
    kinds = [
        "Transformer",
        "Pooling",
        *(["Normalize"] if is_unit_length else []),
        *more,
    ]
    modules = [
        {"type": f"sentence_transformers.models.{kind}", "path": f"{place}_{kind}"}
        for place, kind in enumerate(kinds)
    ]
    (Path(folder) / "modules.json").write_text(json.dumps(modules))
    (Path(folder) / "1_Pooling").mkdir(exist_ok=True)
    names = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}
    said = {f"pooling_mode_{name}": one == pool for one, name in names.items()}
    (Path(folder) / "1_Pooling" / "config.json").write_text(json.dumps(said))
    return str(folder)


def recipe(**changes):
    """Every setting of a training, small."""
    values = {
        "seed": 1,
        "encoder": None,
        "max_question_tokens": 12,
        "max_passage_tokens": 24,
        "is_two_tower": False,
        "n_hops": 2,
        "hop_size": None,
        "learning_rate": 0.003,
        "batch_size": 8,
        "max_epochs": 4,
        "tuned_epochs": 4,
        "small_learning_rate": 0.005,
        "small_batch_size": 8,
        "small_epochs": 6,
        "patience": 6,
        "max_seconds": 600,  # no test hangs on the machine's speed
        "dropout": 0.0,
        "precision": "fp32",
        "duplicates": "masked",  # a topic comes twice in most of the toy's batches
        "alpha_dual": 0.25,
        "alpha_cross": 0.25,
        "alpha_alignment": 0.5,
        "alpha_between": 0.5,
        "alpha_within": 0.5,
        "terms": ("a|q", "q|a", "q|q", "a|a"),
        "ramp_epochs": 2,
        "kernel": "inner",
        "width_cross": 1.0,
        "width_dual": 1.0,
        "is_diagonal_masked": True,
        "is_teacher_taught": False,
        "is_clip_shared": True,
        "is_cross_shared": False,
        "cross_gain": 1.0,
        "n_heads": 2,
        "latent_size": 8,
        "alpha_rebuilt": 0.05,
        "beta_divergence": 0.01,
        "gamma_match": 1.0,
        "sentence_size": 12,
        "sentence_weights": None,
        "sentence_vectors": None,
        "n_negatives": 3,
    }
    return Recipe(**{**values, **changes})


def matches(n, seed=0):
    """Question and passage of one topic share a word; both have others."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(N_TOPICS, size=n)
    asked = [f"w{topic} w{rng.integers(30, 33)}" for topic in topics]
    said = [f"w{rng.integers(20, 23)} w{topic} w{topic + 10}" for topic in topics]
    return Matches(asked, said)


def pool():
    """Each topic's question among the passages of all topics."""
    questions = [f"w{topic} w31" for topic in range(N_TOPICS)]
    candidates = [f"w21 w{topic} w{topic + 10}" for topic in range(N_TOPICS)]
    return Pool(questions, [[topic] for topic in range(N_TOPICS)], candidates)


def examples(n=200):
    return Examples(matches(n), pool())
