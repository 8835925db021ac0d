"""Small networks and texts that several test files need."""

import numpy as np
import torch

from models.answers.qar_net import QarNet, QarNetConfig
from models.vocabulary import Vocabulary

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
    return QarNet(sizes, torch.randn(len(WORDS), sizes.vector_size)).eval()


def texts(n, seed=0, longest=12):
    rng = np.random.default_rng(seed)
    known = (*WORDS, "unknown", "!", "être")
    lengths = rng.integers(1, longest, n)
    return [" ".join(rng.choice(known, length)) for length in lengths]
