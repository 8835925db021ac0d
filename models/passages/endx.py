"""ENDX: a dual encoder that is aligned with a cross-encoder's geometry (4.2 to 4.5).

    L = alpha_dual L_dual + alpha_cross L_cross + alpha_ga L_ga                     (13)

L_dual and L_cross are the in-batch loss (1, 5) of the two models' vectors, L_ga the
alignment of `geometry`, whose weights rise from 0 in the first epochs: an untrained
geometry is noise. Both models are trained together, the teacher by L_cross alone unless
`is_teacher_taught`. One norm clips both models' gradients, of which the teacher's is
hundreds of times as long at first, unless `is_clip_shared` is false. Only the dual
encoder is kept: ENDX costs what Dual costs.

Deviation: none of the printed terms, but see `dual`; what the paper leaves open stands
in 4.11, each decision a setting. What the alignment's four terms came to, with their
weights, is in the history, a phase each.
"""

import time

import numpy as np
import torch
from torch import Tensor, nn

from models.hub_encoder import text_encoder_named
from models.passages.cross import Cross
from models.passages.dual import (
    Dual,
    alike,
    batch_size_of,
    config_of,
    fit_kind,
    hops_of,
    in_batch_loss,
    trainable,
    untrained,
)
from models.passages.examples import Examples, Matches, Recipe, Report, Trained
from models.passages.geometry import Embedded, alignment, ramp, weighed
from models.passages.text_encoders import started
from models.training import Log, Progress


class Endx(nn.Module):
    """Both models, while they are trained."""

    def __init__(self, dual: Dual, cross: Cross) -> None:
        super().__init__()
        self.dual = dual
        self.cross = cross


class Losses:
    """(13) of a batch of matches, and what its parts came to."""

    def __init__(
        self, network: Endx, matches: Matches, recipe: Recipe, *, n_ramp_steps: int
    ) -> None:
        """Take what is learnt.

        Args:
            network: Both models.
            matches: To train on.
            recipe: With the weights.
            n_ramp_steps: In which the alignment's weights rise.
        """
        self.network = network
        self.matches = matches
        self.recipe = recipe
        self.n_ramp_steps = n_ramp_steps
        self.step = 0
        self._epoch = 0
        self._parts: dict[str, list[Tensor]] = {}
        self._started = time.monotonic()

    def __call__(self, places: np.ndarray) -> Tensor:
        """L of the next step."""
        dual, recipe = self.network.dual, self.recipe
        asked = [self.matches.questions[place] for place in places]
        said = [self.matches.passages[place] for place in places]
        questions = dual.read(asked, "question")
        passages = dual.read(said, "passage")
        same = alike(asked, said, recipe)
        student = Embedded(
            dual.vectors(questions, "question"), dual.vectors(passages, "passage")
        )
        teacher = self.network.cross(questions, passages)
        share = ramp(self.step, self.n_ramp_steps)
        terms = weighed(
            alignment(
                teacher if recipe.is_teacher_taught else teacher.detached(),
                student,
                recipe.terms,
                kernel=recipe.kernel,
                widths=(recipe.width_cross, recipe.width_dual),
                is_diagonal_masked=recipe.is_diagonal_masked,
            ),
            between=share * recipe.alpha_between,
            within=share * recipe.alpha_within,
        )
        parts = {
            "dual": in_batch_loss(student.questions, student.passages, same),
            "cross": in_batch_loss(teacher.questions, teacher.passages, same),
            **terms,
        }
        if self.network.training:
            self.step += 1
            for name, value in parts.items():
                self._parts.setdefault(name, []).append(value.detach())
        aligned = sum(terms.values(), torch.zeros((), device=parts["dual"].device))
        return (
            recipe.alpha_dual * parts["dual"]
            + recipe.alpha_cross * parts["cross"]
            + recipe.alpha_alignment * aligned
        )

    def told(self) -> list[Progress]:
        """The mean of each part since the last call, a phase each."""
        self._epoch += bool(self._parts)
        found = [
            Progress(
                f"loss {name}",
                self._epoch,
                float(torch.stack(values).double().mean()),
                float("nan"),
                time.monotonic() - self._started,
            )
            for name, values in self._parts.items()
        ]
        self._parts.clear()
        return found


def train_endx(
    kind: str, examples: Examples, recipe: Recipe, report: Report
) -> Trained:
    """Train both models; the dual encoder of the best epoch is kept.

    Args:
        kind: Of `text_encoders.KINDS`, for both models.
        examples: What it may learn from.
        recipe: With the batch, rate and epochs of the kind.
        report: Called after each epoch.
    """
    trained, _ = train_both(kind, examples, recipe, report)
    return trained


def train_both(
    kind: str, examples: Examples, recipe: Recipe, report: Report
) -> tuple[Trained, Cross]:
    """The same with the teacher, to look at: it ranks nothing."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = text_encoder_named(recipe.encoder)
    config = config_of(kind, source, recipe)
    size = int(source.sizes["hidden_size"])
    network = Endx(
        untrained(kind, source, recipe),
        Cross(
            trainable(started(kind, source, dropout=recipe.dropout), recipe),
            hops_of(config),
            size=size,
            n_heads=recipe.n_heads,
            is_shared=recipe.is_cross_shared,
            gain=recipe.cross_gain,
        ),
    )
    n_batches = max(1, len(examples.training) // batch_size_of(kind, recipe))
    losses = Losses(
        network,
        examples.training,
        recipe,
        n_ramp_steps=round(recipe.ramp_epochs * n_batches),
    )
    log = Log(report)
    fit_kind(
        network,
        losses,
        examples,
        recipe,
        log,
        kind=kind,
        evaluated=network.dual,
        clipped=() if recipe.is_clip_shared else (network.dual, network.cross),
        after_epoch=losses.told,
    )
    trained = Trained(network.dual.eval(), config, source.words, history=log.history)
    return trained, network.cross.eval()
