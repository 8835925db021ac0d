"""How far an encoder in training has moved from its pretraining (5.11)."""

import itertools
import math
import time
from collections.abc import Sequence

import torch
from torch import Tensor

from models.attributes.examples import Recipe
from models.attributes.masked_lm import Teacher, distillation, masked
from models.attributes.windows import Reader, Window
from models.encoder import Encoder
from models.training import Progress

_WINDOWS_AT_ONCE = 64


class Forgetting:
    """The distillation loss on texts that are not trained on, epoch by epoch.

    The masks are the same every time, the teacher is the target whatever the training
    does, dropout is off: 0 before the first step.
    """

    def __init__(
        self,
        encoder: Encoder,
        teacher: Teacher,
        reader: Reader,
        windows: Sequence[Window],
        recipe: Recipe,
    ) -> None:
        """Take what is compared, on which windows."""
        self.encoder = encoder
        self.teacher = teacher
        self.reader = reader
        self.windows = windows
        self.recipe = recipe
        self._epochs = itertools.count(1)
        self._started = time.monotonic()

    def measured(self) -> Progress:
        """As a phase of its own; its loss is the mean over the masked pieces."""
        loss = self.loss()
        seconds = time.monotonic() - self._started
        return Progress("forgetting", next(self._epochs), loss, math.nan, seconds)

    @torch.inference_mode()
    def loss(self) -> float:
        """KL of teacher and student, at the recipe's temperature."""
        generator = torch.Generator().manual_seed(self.recipe.seed)
        total, n_pieces = 0.0, 0
        for start in range(0, len(self.windows), _WINDOWS_AT_ONCE):
            chosen = self.windows[start : start + _WINDOWS_AT_ONCE]
            ours, theirs = self._logits(chosen, generator)
            value = distillation(
                ours,
                theirs,
                temperature=self.recipe.temperature,
                is_literal=False,
            )
            total += float(value) * len(ours)
            n_pieces += len(ours)
        return total / max(1, n_pieces)

    def _logits(
        self, windows: Sequence[Window], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        device = next(self.encoder.parameters()).device
        batch = self.reader.padded(windows).to(device)
        share, pieces = self.recipe.mask_share, self.reader.pieces
        tokens, hidden = masked(batch, pieces, share, generator)
        ours: Tensor = self.teacher.head(self.encoder(tokens)[hidden])
        return ours, self.teacher.logits(tokens, hidden)
