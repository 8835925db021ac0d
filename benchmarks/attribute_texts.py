"""Texts of a shop's lengths, attributes, and an AVEQA with random heads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models import checkpoint
from models.attributes.aveqa import Aveqa
from models.checkpoint import Card
from models.encoder import pretrained

MAX_TOKENS, STRIDE = 128, 32
LONGEST = 640  # word pieces of a text, as the longest of that landing zone
ATTRIBUTES = (
    "brand",
    "color",
    "material",
    "size",
    "weight",
    "product type",
    "item form",
    "age range",
    "number of pieces",
    "battery type",
    "theme",
    "screen size",
    "shell material",
    "frame color",
    "country of origin",
)


@dataclass(frozen=True)
class Kind:
    """Texts of one kind; their word pieces are log-normal.

    Attributes:
        share: Of all texts.
        median: Word pieces.
        spread: Standard deviation of their logarithm.
    """

    share: float
    median: float
    spread: float


# Measured on the distinct texts of a landing zone of 1,600 products.
TITLES = (Kind(1.0, 13.7, 0.58),)
ALL_TEXTS = (Kind(0.40, 13.7, 0.58), Kind(0.18, 11.9, 0.85), Kind(0.42, 31.6, 1.26))


def config_of(
    sizes: Mapping[str, Any], *, is_lower_case: bool = True
) -> dict[str, Any]:
    """Of an AVEQA over an encoder of these sizes, as conf has it."""
    return {
        "encoder": dict(sizes),
        "is_lower_case": is_lower_case,
        "max_tokens": MAX_TOKENS,
        "stride": STRIDE,
        "is_literal_head": False,
        "has_classifier": True,
    }


def model(folder: Path) -> Card:
    """A model folder: the packaged MiniLM, and heads of random weights."""
    source = pretrained(None)
    config = config_of(source.sizes, is_lower_case=source.is_lower_case)
    torch.manual_seed(0)
    network = Aveqa(source.encoder(), source.words, config)
    return checkpoint.save(
        str(folder),
        name="aveqa",
        config={"sizes": config, "threshold": 0.5},
        weights=network.state_dict(),
        words=source.words,
        metrics={},
    )


def texts(kinds: Sequence[Kind], n_texts: int, words: Sequence[str]) -> list[str]:
    """Distinct texts of whole words, each of one word piece, in no order."""
    rng = np.random.default_rng(0)
    known = [word for word in words if word.isascii() and word.isalnum()]
    chosen = rng.choice(len(kinds), n_texts, p=[kind.share for kind in kinds])
    found = []
    for place in chosen:
        kind = kinds[place]
        length = rng.lognormal(np.log(kind.median), kind.spread)
        found.append(" ".join(rng.choice(known, int(np.clip(length, 3, LONGEST)))))
    return list(dict.fromkeys(found))
