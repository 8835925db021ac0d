"""Texts, blocks and a model of the paper's sizes with random weights."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from models import checkpoint
from models.answers.qar_net import QarNet, QarNetConfig
from models.checkpoint import Card

WORDS = [f"word{i}" for i in range(5000)]
CONFIG = QarNetConfig(
    vector_size=50,
    hidden_size=32,
    attention_size=32,
    character_size=20,
    dropout=0.5,
    max_tokens=80,
)


def model(folder: Path) -> Card:
    """A model folder: speed does not depend on what the weights are."""
    torch.manual_seed(0)
    network = QarNet(CONFIG, WORDS)
    network.inputs.set_vectors(torch.randn(len(WORDS), CONFIG.vector_size).numpy())
    return checkpoint.save(
        str(folder),
        name="qar-net",
        config={"sizes": asdict(CONFIG), "threshold": 0.5},
        weights=network.state_dict(),
        words=WORDS,
        metrics={},
    )


def texts(rng: np.random.Generator, n_texts: int, mean: float) -> list[str]:
    """Texts whose lengths in tokens are log-normal about `mean`, at most 80."""
    lengths = np.clip(rng.lognormal(np.log(mean), 0.55, n_texts), 1, 80).astype(int)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


def block(
    rng: np.random.Generator, n_questions: int, n_sentences: int
) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Questions, sentences, and all pairs of them as places."""
    return (
        texts(rng, n_questions, 11),
        texts(rng, n_sentences, 15),
        np.repeat(np.arange(n_questions), n_sentences),
        np.tile(np.arange(n_sentences), n_questions),
    )
