"""Distilled masked language model: what keeps an encoder from forgetting (5.4).

Student and teacher read the same masked pieces; one masked-LM head, which stands
still, turns the states of both into distributions over the pieces:

    Y = softmax(W_o H^M),  y~ = softmax(logits / T)
    L = - sum_t y~_pre log y~_en          teacher as target; `literal`: the two swapped

Given is the mean over the masked pieces, less the teacher's entropy where the teacher
is the target: the same gradient, and 0 where both agree.

Where the head comes from: `masked_heads`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attributes.windows import Batch
from models.encoder import Encoder, Tokens, WordPieces


class MaskedHead(nn.Module):
    """BERT's masked-LM head. Shape: states [M, H] to logits [M, V]."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        size = encoder.size
        self.dense = nn.Linear(size, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        embeddings = encoder.bert.embeddings.word_embeddings.weight
        self.register_buffer("decoder", embeddings.detach().clone())
        self.bias = nn.Parameter(torch.zeros(len(embeddings)))

    decoder: Tensor

    def forward(self, states: Tensor) -> Tensor:
        """Logits over the pieces."""
        mixed = self.norm(F.gelu(self.dense(states)))
        found: Tensor = mixed @ self.decoder.T + self.bias
        return found


@dataclass(frozen=True)
class Teacher:
    """An encoder as it was pretrained, and the head that turns states into pieces."""

    encoder: Encoder
    head: MaskedHead

    @torch.no_grad()
    def logits(self, tokens: Tokens, hidden: Tensor) -> Tensor:
        """Of the masked pieces, [M, V]."""
        found: Tensor = self.head(self.encoder(tokens)[hidden])
        return found


def masked(
    batch: Batch,
    pieces: WordPieces,
    share: float,
    generator: torch.Generator,
    kept: Tensor | None = None,
) -> tuple[Tokens, Tensor]:
    """A batch with a share of its pieces hidden, and where, [B, L].

    Args:
        batch: Windows.
        pieces: Of the tokens.
        share: Of the pieces of text and attribute.
        generator: Draws them, on the CPU.
        kept: Pieces that are never hidden, such as those of the value, [B, L].
    """
    drawn = torch.rand(batch.legal.shape, generator=generator).to(batch.legal.device)
    hidden = batch.maskable & (drawn < share)
    if kept is not None:
        hidden &= ~kept
    ids = batch.tokens.ids.masked_fill(hidden, pieces.mask)
    return Tokens(ids, batch.tokens.mask, batch.tokens.types), hidden


def distillation(
    student: Tensor, teacher: Tensor, *, temperature: float, is_literal: bool
) -> Tensor:
    """Mean loss of some masked pieces; 0 where there is none.

    Args:
        student: Logits, [M, V].
        teacher: Logits, [M, V].
        temperature: T.
        is_literal: Student as target, Eq. 6 as printed.
    """
    if not len(student):
        return student.sum()
    ours = F.log_softmax(student / temperature, dim=1)
    theirs = F.log_softmax(teacher / temperature, dim=1)
    if is_literal:
        return -(ours.exp() * theirs).sum(dim=1).mean()
    return (theirs.exp() * (theirs - ours)).sum(dim=1).mean()
