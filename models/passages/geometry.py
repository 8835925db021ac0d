"""The geometry alignment of ENDX: neighbours as the teacher sees them (4.4).

    p(e_j | e_i) = softmax_j K(e_i, e_j)                                       (6-8)
    K_Inner(x, y) = x . y,  K_Gauss(x, y) = exp(-|x - y|^2 / (2 sigma^2))      (9, 10)
    L_{y|x} = 1/B sum_ij p_cross(y_j | x_i) log p_cross(y_j | x_i) / p_dual(y_j | x_i)
    L_ga = sum of alpha_{y|x} L_{y|x} over a|q, q|q, q|a, a|a                  (11, 12)

All in fp32. With K_Inner a text's own |e|^2 rules its row of P^{qq} and P^{aa}, so that
the KL is some 1e-6: hence weights of 1e4 there; with the diagonal masked the KL is some
0.1 and so must the weights be (4.12).

| symbol | name in code | shape |
|---|---|---|
| R_q, R_a | `Embedded` | [B, D] |
| log P | `log_neighbours` | [B, B] |
| L_{y given x} | `alignment` | |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kernel = Literal["inner", "gauss"]
BETWEEN = ("a|q", "q|a")
WITHIN = ("q|q", "a|a")
TERMS = (*BETWEEN, *WITHIN)


@dataclass(frozen=True)
class Embedded:
    """Vectors of a batch's matches.

    Attributes:
        questions: R_q, [B, D].
        passages: R_a, [B, D].
    """

    questions: Tensor
    passages: Tensor

    def of(self, letter: str) -> Tensor:
        """Those of q or of a, fp32."""
        return (self.questions if letter == "q" else self.passages).float()

    def detached(self) -> "Embedded":
        """The same without gradients."""
        return Embedded(self.questions.detach(), self.passages.detach())


def kernel_of(first: Tensor, second: Tensor, kernel: Kernel, width: float) -> Tensor:
    """K of all pairs, [B, D] and [B, D] to [B, B].

    Args:
        first: Vectors.
        second: Vectors.
        kernel: inner takes no width.
        width: sigma; the Gaussian kernel divides by 2 sigma^2.
    """
    if kernel == "inner":
        return first @ second.T
    squares = torch.cdist(first, second).pow(2)
    return torch.exp(-squares / (2 * width**2))


def log_neighbours(
    embedded: Embedded,
    term: str,
    *,
    kernel: Kernel = "inner",
    width: float = 1.0,
    is_diagonal_masked: bool = False,
) -> Tensor:
    """Log p(y_j | x_i) of a term y|x, fp32 [B, B]; each row's probabilities sum to 1.

    Args:
        embedded: Vectors of one model.
        term: Of `TERMS`.
        kernel: inner or gauss.
        width: sigma of the Gaussian kernel.
        is_diagonal_masked: Whether a text is no neighbour of itself, which concerns
            q|q and a|a.
    """
    target, given = term.split("|")
    scores = kernel_of(embedded.of(given), embedded.of(target), kernel, width)
    if is_diagonal_masked and target == given:
        own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
        # No number that a difference of two could turn into NaN.
        scores = scores.masked_fill(own, torch.finfo(scores.dtype).min)
    return torch.log_softmax(scores, dim=1)


def alignment(
    teacher: Embedded,
    student: Embedded,
    terms: Sequence[str] = TERMS,
    *,
    kernel: Kernel = "inner",
    widths: tuple[float, float] = (1.0, 1.0),
    is_diagonal_masked: bool = False,
) -> dict[str, Tensor]:
    """KL of each term, the teacher's neighbours as the target.

    Args:
        teacher: Of the cross-encoder; detached where it is not to be taught.
        student: Of the dual encoder.
        terms: Of `TERMS`.
        kernel: inner or gauss.
        widths: sigma over the teacher's vectors, and over the student's.
        is_diagonal_masked: See `log_neighbours`.
    """
    found = {}
    for term in terms:
        target, own = (
            log_neighbours(
                embedded,
                term,
                kernel=kernel,
                width=width,
                is_diagonal_masked=is_diagonal_masked,
            )
            for embedded, width in zip((teacher, student), widths, strict=True)
        )
        found[term] = (target.exp() * (target - own)).sum(dim=1).mean()
    return found


def weighed(
    losses: Mapping[str, Tensor], *, between: float, within: float
) -> dict[str, Tensor]:
    """alpha_{y|x} L_{y|x} of each term, with the weights of this step."""
    return {
        term: (between if term in BETWEEN else within) * value
        for term, value in losses.items()
    }


def ramp(step: int, n_steps: int) -> float:
    """The share of a weight at a step, from 0 at the first to 1 after n_steps.

    >>> ramp(0, 10), ramp(5, 10), ramp(11, 10)
    (0.0, 0.5, 1.0)
    """
    return min(1.0, step / n_steps) if n_steps > 0 else 1.0
