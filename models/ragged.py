"""Sequences of different length in one flat tensor."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_TEXTS_OF_A_RUN, _STRETCH = 4, 1.25


@dataclass(frozen=True)
class Ragged:
    """n sequences of vectors without padding.

    Attributes:
        flat: All vectors, one sequence behind the other, [sum of lengths, D].
        starts: First row of each sequence, [n].
        lengths: Rows of each sequence, [n].
    """

    flat: Tensor
    starts: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, padded: Tensor, mask: Tensor) -> "Ragged":
        """From padded [n, L, D] with its mask [n, L]."""
        lengths = mask.sum(dim=1)
        starts = torch.cumsum(lengths, dim=0) - lengths
        return cls(flat=padded[mask], starts=starts, lengths=lengths)

    @classmethod
    def concat(cls, parts: Sequence["Ragged"], places: Tensor) -> "Ragged":
        """The parts behind one another, put into another order.

        Args:
            parts: Each with its own sequences.
            places: Place of each sequence in the result, in the order of the parts.
        """
        flat = torch.cat([part.flat for part in parts])
        lengths = torch.cat([part.lengths for part in parts])
        starts = torch.cumsum(lengths, dim=0) - lengths
        order = torch.argsort(places)
        return cls(flat=flat, starts=starts[order], lengths=lengths[order])

    def padded(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Some sequences padded: [B, L, D] (any values at pads) and mask [B, L]."""
        lengths = self.lengths[places]
        steps = torch.arange(int(lengths.max()), device=self.flat.device)
        mask = steps < lengths.unsqueeze(1)
        rows = self.starts[places].unsqueeze(1) + steps
        rows = rows.clamp(max=len(self.flat) - 1)
        found = self.flat.index_select(0, rows.reshape(-1))
        return found.view(*rows.shape, -1), mask


def of_like_length(lengths: Sequence[int]) -> list[int]:
    """Sizes of runs of ascending lengths that are padded together.

    A training batch holds texts of any length: padded to the longest it is two to
    three times as long.

    >>> of_like_length([4, 4, 5, 5, 6, 7, 20, 20, 21, 24, 30])
    [4, 4, 3]
    """
    sizes, first = [], 0
    for place, length in enumerate(lengths):
        if place - first >= _TEXTS_OF_A_RUN and length > _STRETCH * lengths[first]:
            sizes.append(place - first)
            first = place
    return [*sizes, len(lengths) - first]
