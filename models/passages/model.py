"""A trained passage model on one device, whatever the method."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from models.checkpoint import Card, ModelError
from models.encoder import cast_encoders
from models.passages import HYBRID, VECTOR_METHODS, Index
from models.passages.examples import Side
from models.passages.vectors import VectorIndex
from models.precision import half_of


class PassageModel:
    """A network with its name and fingerprint; see `models.passages.load`."""

    @classmethod
    def untrained(cls, name: str, network: Any) -> "PassageModel":
        """Of a network that was just made or trained: where it is, as it is."""
        device = next((str(one.device) for one in network.parameters()), "cpu")
        card = Card(folder="", name=name, fingerprint="", threshold=0.0, config={})
        return cls(network, card, device=device, precision="fp32")

    def __init__(
        self, network: Any, card: Card, *, device: str, precision: str
    ) -> None:
        """Take a network, whose encoders are cast where the precision is not fp32.

        Args:
            network: Of a method, with its weights.
            card: Of its folder.
            device: Of torch.
            precision: fp32, bf16 or fp16, see `models.precision`.
        """
        self.name = card.name
        self.fingerprint = card.fingerprint
        self.network = network.to(device).eval()
        half = half_of(precision, torch.device(device))
        if half is not None:
            cast_encoders(self.network.modules(), half)

    @property
    def has_vectors(self) -> bool:
        """Whether each text has a vector of its own."""
        return self.name in VECTOR_METHODS

    @property
    def size(self) -> int:
        """Numbers of a vector.

        Raises:
            ModelError: The method gives none.
        """
        if not self.has_vectors:
            known = ", ".join(VECTOR_METHODS)
            raise ModelError(
                f"method {self.name} gives texts no vectors, expected one of {known}"
            )
        return int(self.network.size)

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Pieces that the network reads of each text, [n]."""
        found: np.ndarray = self.network.lengths(texts, side)
        return found

    @torch.inference_mode()
    def vectors(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Vectors of the texts of one batch, fp32 [n, D]."""
        tokens = self.network.read(texts, side)
        found: np.ndarray = self.network.vectors(tokens, side).float().cpu().numpy()
        return found

    def index(self, candidates: Sequence[str]) -> Index:
        """What ranks these candidates."""
        if self.has_vectors and self.name not in HYBRID:
            return VectorIndex(self.network, candidates)
        found: Index = self.network.index(candidates)
        return found
