"""What an attribute model finds in a text, whatever the method."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from models.attributes.examples import Span
from models.checkpoint import Card, ModelError
from models.encoder import cast_encoders
from models.int8 import quantise_encoders
from models.precision import half_of


@dataclass(frozen=True)
class Extracted:
    """The best value of one window, or of one text.

    Attributes:
        example: Place of the example.
        span: Characters of the value in the text; None where there is no text.
        logit: Of the method's own, the higher the surer; above 0 it takes the value
            to be right.
        others: Characters of further values that stand in the same window, of a method
            that finds several.
    """

    example: int
    span: Span | None
    logit: float
    others: tuple[Span, ...] = ()

    def value(self, context: str) -> str | None:
        """The value in the text's own spelling, however unsure; None: there is none."""
        if self.span is None:
            return None
        return context[self.span[0] : self.span[1]]


def best_of(found: Iterable[Extracted], n: int) -> list[Extracted]:
    """The surest window of each of n examples, in their order; the first of equals."""
    best = [Extracted(place, None, float("-inf")) for place in range(n)]
    for one in found:
        known = best[one.example]
        is_first = known.span is None or (
            one.span is not None and one.span < known.span
        )
        if one.logit > known.logit or (one.logit == known.logit and is_first):
            best[one.example] = one
    return best


class NetworkExtractor:
    """A trained network on one device; see `models.attributes.AttributeExtractor`."""

    @classmethod
    def uncalibrated(cls, network: Any) -> "NetworkExtractor":
        """Of a network that was just trained: where it is, in the numbers it is in."""
        device = next((str(one.device) for one in network.parameters()), "cpu")
        card = Card(folder="", name="", fingerprint="", threshold=0.5, config={})
        return cls(network, card, device=device, precision="fp32")

    def __init__(
        self, network: Any, card: Card, *, device: str, precision: str
    ) -> None:
        """Take a network, whose encoders are changed where the precision is not fp32.

        Args:
            network: Of a method, with its weights.
            card: Of its folder.
            device: Of torch, such as cpu or cuda:0.
            precision: fp32; bf16 or fp16, see `models.precision`; int8, which is for
                encoders on a CPU.

        Raises:
            ModelError: int8 was asked of a GPU, or of a network without an encoder.
        """
        self.name = card.name
        self.fingerprint = card.fingerprint
        self.threshold = card.threshold
        self.network = network.to(device).eval()
        self._calibration = card.calibration
        self._device = torch.device(device)
        half = half_of(precision, self._device)
        if precision == "int8":
            self._quantise()
        elif half is not None:
            cast_encoders(self.network.modules(), half)

    def _quantise(self) -> None:
        if self._device.type != "cpu":
            raise ModelError(
                f"precision int8: the device is {self._device}, expected a CPU; a GPU"
                " takes fp32, bf16 or fp16"
            )
        if not quantise_encoders(self.network):
            raise ModelError(
                f"precision int8: {self.name} has no encoder to quantise, expected fp32"
            )

    def windows(self, contexts: Sequence[str], attributes: Sequence[str]) -> list[Any]:
        """What the model reads of some examples; at least one window each."""
        found: list[Any] = self.network.windows(contexts, attributes)
        return found

    @torch.inference_mode()
    def extract(self, windows: Sequence[Any]) -> list[Extracted]:
        """The best value of each window."""
        found: list[Extracted] = self.network.extract(windows)
        return found

    def score(self, logit: float) -> float:
        """sigmoid(slope * logit + offset), Platt's calibration."""
        slope, offset = self._calibration
        return float(torch.sigmoid(torch.tensor(slope * logit + offset)))
