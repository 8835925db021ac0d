"""What a network finds in examples while it is trained."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from models.attributes.examples import Asked
from models.attributes.extractor import Extracted, best_of
from models.extraction import Counts, outcome, total

_WINDOWS_AT_ONCE = 64


class Network(Protocol):
    """A method's network."""

    def windows(self, contexts: Sequence[str], attributes: Sequence[str]) -> Any:
        """What it reads of some examples."""

    def extract(self, windows: Sequence[Any]) -> list[Extracted]:
        """The best value of each window."""


@torch.inference_mode()
def found_by(network: Network, asked: Asked) -> list[Extracted]:
    """The best value of each example, however unsure."""
    windows = network.windows(asked.contexts, asked.attributes)
    order = np.argsort([len(window) for window in windows], kind="stable")
    found: list[Extracted] = []
    for start in range(0, len(order), _WINDOWS_AT_ONCE):
        chosen = order[start : start + _WINDOWS_AT_ONCE]
        found += network.extract([windows[place] for place in chosen])
    return best_of(found, len(asked))


def f1_of(network: Network, asked: Asked) -> float:
    """F1 of 7.4, a value being one whose logit is above 0."""
    return counts_of(found_by(network, asked), asked).measures[2]


def counts_of(found: Sequence[Extracted], asked: Asked) -> Counts:
    """What became of the examples, a value being one whose logit is above 0."""
    return total(
        [
            outcome(
                gold,
                one.value(context) if one.logit > 0 else None,
            )
            for gold, one, context in zip(
                asked.values(), found, asked.contexts, strict=True
            )
        ]
    )
