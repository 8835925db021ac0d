"""Where a value begins and ends: the output layers of span extraction (5.3, 5.5).

    b = argmax_i softmax(w_b H_i),  e = argmax_{i >= b} softmax(end(H_i, H_b))
    end(H_i, H_b) = w . LayerNorm(tanh(W [H_i; H_b] + c))

The end is conditioned on the begin, as in XLNet; `literal` is the paper's linear
W_e [H_i; H_b], in which the begin cancels out of the softmax but for the mask i >= b.
Legal places are [CLS], which is "no value", and the text's pieces: a begin at [CLS]
ends there, any other ends in the text.

| symbol | name in code | shape |
|---|---|---|
| H | `states` | [B, L, d] |
| log p_b | `begins` | [B, L] |
| log p_{e given b} | `ends` | [B, K, L] for K begins |
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

N_BEST = 5


class SpanHead(nn.Module):
    """The layers for begin and end."""

    def __init__(self, size: int, *, is_literal: bool) -> None:
        super().__init__()
        self.begin = nn.Linear(size, 1, bias=False)
        self.of_end = nn.Linear(size, 1 if is_literal else size, bias=False)
        self.of_begin = nn.Linear(size, 1 if is_literal else size)
        self.norm = None if is_literal else nn.LayerNorm(size)
        self.end = None if is_literal else nn.Linear(size, 1, bias=False)

    def begins(self, states: Tensor, legal: Tensor) -> Tensor:
        """Log-probability of each place as the begin, [B, L]."""
        logits = self.begin(states).squeeze(2)
        return F.log_softmax(logits.masked_fill(~legal, -torch.inf), dim=1)

    def ends(self, states: Tensor, legal: Tensor, begin: Tensor) -> Tensor:
        """Log-probability of each place as the end, given begins [B, K]: [B, K, L]."""
        rows = torch.arange(len(states), device=states.device).unsqueeze(1)
        of_begin = self.of_begin(states[rows, begin]).unsqueeze(2)
        mixed = self.of_end(states).unsqueeze(1) + of_begin  # [B, K, L, d]
        if self.norm is not None and self.end is not None:
            mixed = self.end(self.norm(torch.tanh(mixed)))
        places = torch.arange(states.shape[1], device=states.device)
        begin = begin.unsqueeze(2)
        # [CLS], place 0, ends at itself and never ends a span of the text.
        allowed = legal.unsqueeze(1) & (places >= begin) & ((places == 0) | (begin > 0))
        logits = mixed.squeeze(3).masked_fill(~allowed, -torch.inf)
        return F.log_softmax(logits, dim=2)

    def score(self, states: Tensor, legal: Tensor, spans: Tensor) -> Tensor:
        """Log-probability of K spans of each window, [B, K, 2] to [B, K].

        That of the begin and of the end given it; -inf where a span is not legal.
        """
        begin, end = spans.unbind(2)
        of_begin = self.begins(states, legal).gather(1, begin)
        ends = self.ends(states, legal, begin)
        return of_begin + ends.gather(2, end.unsqueeze(2)).squeeze(2)

    def loss(self, states: Tensor, legal: Tensor, begin: Tensor, end: Tensor) -> Tensor:
        """(CE_b + CE_e) / 2, the end given the gold begin; targets [B]."""
        begins = self.begins(states, legal)
        ends = self.ends(states, legal, begin.unsqueeze(1)).squeeze(1)
        return (F.nll_loss(begins, begin) + F.nll_loss(ends, end)) / 2


@dataclass(frozen=True)
class Best:
    """The best span of the text in each window.

    Attributes:
        begin: Place of its first piece, [B].
        end: Place of its last, [B].
        log_probability: log p_b + log p_{e given b}, [B]; -inf in an empty text.
        none: log p of [CLS] as begin, [B].
    """

    begin: Tensor
    end: Tensor
    log_probability: Tensor
    none: Tensor


def best_spans(head: SpanHead, states: Tensor, legal: Tensor) -> Best:
    """The five best begins with the five best ends of each (decision of 5.3)."""
    begins = head.begins(states, legal)
    in_text = begins.clone()
    in_text[:, 0] = -torch.inf
    k = min(N_BEST, states.shape[1])
    of_begin, begin = in_text.topk(k, dim=1)
    ends = head.ends(states, legal, begin)
    of_end, end = ends.topk(k, dim=2)
    both = of_begin.unsqueeze(2) + of_end
    # After a begin that is not legal there is no end: in a short text, or an empty one.
    both = both.masked_fill(of_begin.unsqueeze(2) == -torch.inf, -torch.inf)
    value, place = both.flatten(1).max(dim=1)
    rows = torch.arange(len(states), device=states.device)
    first = place // k
    return Best(
        begin=begin[rows, first],
        end=end[rows, first, place % k],
        log_probability=value,
        none=begins[:, 0],
    )
