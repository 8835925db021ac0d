"""Blocks that several models share: masking, encoders, attention, fusion.

Shapes: B texts or pairs, L tokens, C characters, D width, K hidden units, M and N
the lengths of the two texts of a pair. Masks are true at real tokens; every text has
at least one.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Pool = Literal["sum", "mean", "max"]


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the real positions of the last axis, in fp32; 0 at pads."""
    filled = scores.float().masked_fill(~mask, float("-inf"))
    return torch.softmax(filled, dim=-1)


def truncated_normal_(weight: Tensor, std: float = 0.1) -> None:
    """Fill with N(0, std^2) cut at two standard deviations, as the released code."""
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)


class BiGru(nn.Module):
    """Bi-directional GRU over packed sequences.

    Shape: [B, L, input_size] to [B, L, 2 * hidden_size]; zero at pads, and no state
    depends on padding.
    """

    def __init__(self, *, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """States of every token."""
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(
            inputs, lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = self.gru(packed)
        padded, _ = pad_packed_sequence(
            states, batch_first=True, total_length=inputs.shape[1]
        )
        return padded


class CharacterEncoder(nn.Module):
    """A word's vector from its characters: final states of a bi-directional RNN.

    Shape: character ids [W, C] to [W, size].
    """

    def __init__(self, *, n_characters: int, embedding_size: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_characters, embedding_size, padding_idx=0)
        self.rnn = nn.RNN(
            embedding_size, size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, characters: Tensor) -> Tensor:
        """One vector a word."""
        lengths = (characters != 0).sum(dim=1).clamp(min=1).cpu()
        packed = pack_padded_sequence(
            self.embedding(characters), lengths, batch_first=True, enforce_sorted=False
        )
        _, last = self.rnn(packed)  # [2, W, size / 2]
        return torch.cat([last[0], last[1]], dim=-1)


def co_attention_weights(
    affinity: Tensor,
    mask_x: Tensor,
    mask_y: Tensor,
    *,
    pool: Pool = "sum",
    has_tanh: bool = True,
    pool_power: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Attention over both texts of a pair from their affinity.

    models.md 1.3 (Chen et al. 2019, Eq. 3 to 5): G = tanh(X M Y^T), s^X = RowSum(G),
    s^Y = ColSum(G), both through a softmax.

    Args:
        affinity: X M Y^T, [B, M, N].
        mask_x: [B, M].
        mask_y: [B, N].
        pool: How the rows and columns become scores; the released code uses max.
        has_tanh: Whether G is squashed.
        pool_power: Divides a score by (valid tokens of the other text)^p.

    Returns:
        a^X [B, M] and a^Y [B, N], fp32, each summing to 1 over its real tokens.
    """
    weights = torch.tanh(affinity.float()) if has_tanh else affinity.float()
    both = mask_x.unsqueeze(2) & mask_y.unsqueeze(1)
    n_x = mask_x.sum(dim=1, keepdim=True)
    n_y = mask_y.sum(dim=1, keepdim=True)
    if pool == "max":
        filled = weights.masked_fill(~both, float("-inf"))
        scores_x, scores_y = filled.amax(dim=2), filled.amax(dim=1)
    else:
        filled = weights * both
        scores_x, scores_y = filled.sum(dim=2), filled.sum(dim=1)
        power = 1.0 if pool == "mean" else pool_power
        scores_x = scores_x / n_y**power
        scores_y = scores_y / n_x**power
    return masked_softmax(scores_x, mask_x), masked_softmax(scores_y, mask_y)


class SelfAttention(nn.Module):
    """Self-attentive pooling, one hop (Lin et al. 2017; Chen et al. 2019, Eq. 8, 9).

    a = softmax(v^T tanh(U H)), r = H a. Shape: [B, L, D] to a [B, L], r [B, D].
    """

    def __init__(self, *, size: int, hidden_size: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, hidden_size, bias=False)  # U^r
        self.score = nn.Linear(hidden_size, 1, bias=False)  # v
        truncated_normal_(self.project.weight)
        truncated_normal_(self.score.weight)

    def forward(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weights and the weighted mean of the states."""
        scores = self.score(torch.tanh(self.project(states))).squeeze(-1)
        weights = masked_softmax(scores, mask)
        return weights, attend(weights, states)


def attend(weights: Tensor, states: Tensor) -> Tensor:
    """H a: weights [B, L], states [B, L, D], result [B, D]."""
    return torch.bmm(weights.to(states.dtype).unsqueeze(1), states).squeeze(1)
