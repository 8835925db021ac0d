"""Linear-chain conditional random field (Lafferty, McCallum and Pereira 2001; 5.10).

The score of a tag sequence y for the emissions P of a text of n tokens, and its
probability:

    s(x, y) = a_{y_1} + sum_i P_{i, y_i} + sum_{i > 1} T_{y_{i-1}, y_i} + z_{y_n}
    log p(y | x) = s(x, y) - log sum_{y'} exp s(x, y')

The sum over all sequences is the forward algorithm's, the best of them Viterbi's; both
take n steps. Masks are true at real tokens, which come first; every text has at least
one. The libraries that offer this layer have had no release in years; one that is new
has no users yet.

| symbol | name in code | shape |
|---|---|---|
| P | `emissions` | [B, L, T] |
| a, z | `Chain.starts`, `Chain.ends` | [T] |
| T | `Chain.transitions` | [T, T], row to column |
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

_SPREAD = 0.1


@dataclass(frozen=True)
class Chain:
    """Scores of tags beside their emissions; -inf forbids.

    Attributes:
        starts: Of the first tag, [T].
        transitions: Of a tag (column) behind another (row), [T, T].
        ends: Of the last tag, [T].
    """

    starts: Tensor
    transitions: Tensor
    ends: Tensor


class Crf(nn.Module):
    """The trained scores of a chain."""

    def __init__(self, n_tags: int) -> None:
        super().__init__()
        self.starts = nn.Parameter(torch.empty(n_tags))
        self.transitions = nn.Parameter(torch.empty(n_tags, n_tags))
        self.ends = nn.Parameter(torch.empty(n_tags))
        for one in self.parameters():
            nn.init.uniform_(one, -_SPREAD, _SPREAD)

    @property
    def chain(self) -> Chain:
        """The scores."""
        return Chain(self.starts, self.transitions, self.ends)

    def loss(self, emissions: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
        """Mean of -log p(y | x) over the texts; tags [B, L], any value at pads."""
        chain = self.chain
        total = log_partition(chain, emissions, mask)
        return (total - path_score(chain, emissions, mask, tags)).mean()


def path_score(chain: Chain, emissions: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
    """s(x, y) of one tag sequence a text, fp32 [B]."""
    tags = tags.masked_fill(~mask, 0)
    own = emissions.float().gather(2, tags.unsqueeze(2)).squeeze(2)
    steps = chain.transitions[tags[:, :-1], tags[:, 1:]]
    last = tags.gather(1, mask.sum(dim=1, keepdim=True) - 1).squeeze(1)
    # Not times the mask: an emission of -inf at a pad would be no number.
    inside = own.masked_fill(~mask, 0).sum(dim=1)
    between = steps.masked_fill(~mask[:, 1:], 0).sum(dim=1)
    return chain.starts[tags[:, 0]] + inside + between + chain.ends[last]


def log_partition(chain: Chain, emissions: Tensor, mask: Tensor) -> Tensor:
    """Log of sum_y exp s(x, y), the forward algorithm, fp32 [B]."""
    emissions = emissions.float()
    state = chain.starts + emissions[:, 0]  # [B, T]
    for place in range(1, emissions.shape[1]):
        steps = state.unsqueeze(2) + chain.transitions
        longer = torch.logsumexp(steps, dim=1) + emissions[:, place]
        state = torch.where(mask[:, place, None], longer, state)
    return torch.logsumexp(state + chain.ends, dim=1)


@torch.no_grad()
def best_path(chain: Chain, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The tags of the best sequence [B, L], 0 at pads, and its score [B]; Viterbi."""
    emissions = emissions.float()
    state = chain.starts + emissions[:, 0]  # [B, T]
    stay = torch.arange(len(chain.starts), device=emissions.device)
    before = []
    for place in range(1, emissions.shape[1]):
        is_real = mask[:, place, None]
        longer, origin = (state.unsqueeze(2) + chain.transitions).max(dim=1)
        state = torch.where(is_real, longer + emissions[:, place], state)
        before.append(torch.where(is_real, origin, stay))
    score, tag = (state + chain.ends).max(dim=1)
    found = [tag]
    for origin in reversed(before):
        tag = origin.gather(1, tag.unsqueeze(1)).squeeze(1)
        found.append(tag)
    tags = torch.stack(found[::-1], dim=1)
    return tags.masked_fill(~mask, 0), score
