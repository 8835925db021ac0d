"""Agg: a text's vector by multi-hop self-attention (1.4; Lin et al. 2017).

    A = softmax(W_2 tanh(W_1 H^T)) in [R, L],  vector = flatten(A H) of size R D

The softmax is over real pieces and in fp32. No penalty on A A^T, as in the paper.

| symbol | name in code | shape |
|---|---|---|
| H | `states` | [B, L, D] |
| W_1 | `project` | [K, D] |
| W_2 | `score` | [R, K] |
| A | weights | [B, R, L] |
"""

from torch import Tensor, nn

from models.layers import masked_softmax


class MultiHop(nn.Module):
    """R weighted means of the states. Shape: [B, L, D] to [B, R D]."""

    def __init__(self, *, size: int, hidden_size: int, n_hops: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, hidden_size, bias=False)
        self.score = nn.Linear(hidden_size, n_hops, bias=False)

    def weights(self, states: Tensor, mask: Tensor) -> Tensor:
        """A, each row sums to 1, 0 at pads."""
        scores = self.score(self.project(states).tanh()).transpose(1, 2)
        return masked_softmax(scores, mask.unsqueeze(1))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """The flattened means."""
        means = self.weights(states, mask).to(states.dtype) @ states
        return means.flatten(1)
