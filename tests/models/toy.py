"""Small networks and texts that several test files need."""

import numpy as np
import torch

from models.answers.examples import Examples, Pairs, Recipe
from models.answers.qar_net import QarNet, QarNetConfig
from models.vocabulary import Vocabulary
from models.word_inputs import WordVectors

WORDS = tuple(f"w{i}" for i in range(40))
VOCABULARY = Vocabulary(WORDS)


def config(**changes):
    sizes = {
        "vector_size": 6,
        "hidden_size": 4,
        "attention_size": 3,
        "character_size": 4,
        "dropout": 0.5,
        "max_tokens": 80,
    }
    return QarNetConfig(**{**sizes, **changes})


def network(seed=0, **changes):
    torch.manual_seed(seed)
    sizes = config(**changes)
    made = QarNet(sizes, WORDS)
    made.inputs.set_vectors(vectors(sizes.vector_size, seed))
    return made.eval()


def vectors(size=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(len(WORDS), size)).astype("float32")


def recipe(**changes):
    """Every setting of a training, small."""
    values = {
        "seed": 1,
        "preset": "paper",
        "released_flaws": ("slot_bias", "batch_r1", "batch_r2"),
        "batch_size": 16,
        "pretrain_epochs": (0.0, 1.0),
        "learning_rate": 0.01,
        "fine_tune_learning_rate": 0.01,
        "max_epochs": 4,
        "patience": 3,
        "max_seconds": 60,
        "max_tokens": 80,
        "hidden_size": 8,
        "attention_size": 3,
        "character_size": 4,
        "dropout": 0.1,
        "mu": 0.1,
        "eta": 0.1,
        "n_filters": 6,
        "filter_width": 3,
        "fused_size": 5,
        "soft_size": 7,
        "soft_weights": (0.001, 0.1),
        "encoder": None,
        "encoder_learning_rate": 0.001,
        "encoder_batch_size": 16,
        "encoder_epochs": 2,
        "encoder_qa_pairs": 100,
        "late_size": 8,
        "late_dropout": 0.1,
        "late_trained_layers": 2,
        "late_qa_pairs": 0,
    }
    return Recipe(**{**values, **changes})


def pairs(n, seed):
    """Pairs whose label says whether the texts share their first word."""
    rng = np.random.default_rng(seed)
    asked = [f"w{rng.integers(5)} w30 w31" for _ in range(n)]
    said = [f"w{rng.integers(5)} w20 w21" for _ in range(n)]
    labels = [
        int(a.split()[0] == s.split()[0]) for a, s in zip(asked, said, strict=True)
    ]
    return Pairs(asked, said, labels)


def examples(**changes):
    """QA, QR and validation pairs with random word vectors."""
    found = {
        "qa": pairs(200, 1),
        "qr": pairs(300, 2),
        "validation": pairs(100, 3),
        "words": WordVectors(WORDS, vectors()),
    }
    return Examples(**{**found, **changes})


def texts(n, seed=0, longest=12):
    rng = np.random.default_rng(seed)
    known = (*WORDS, "unknown", "!", "être")
    lengths = rng.integers(1, longest, n)
    return [" ".join(rng.choice(known, length)) for length in lengths]
