"""Linear layers in whole numbers of 8 bits, for a pretrained encoder on a CPU.

    y = s_x s_w (q_x . q_w) + b,    q_x = round(x / s_x),    q_w = round(w / s_w)

s_x belongs to one token and is taken from it as it comes, 127 s_x = max |x|: there is
nothing to calibrate, and neither padding nor batch changes a token. s_w belongs to one
output, 63 s_w = max |w|: seven bits, since a CPU without VNNI adds two products in 16
bits, where those of eight bits do not fit and give wrong sums without a word.

Why not a library: `torch.ao.quantization.quantize_dynamic` is to be removed, and has
one scale for all tokens of a batch, of which a few are far larger than the others in
an encoder of BERT's kind; the layers of torchao, not compiled, were slower than fp32.

| symbol | name in code | shape |
|---|---|---|
| x, q_x | `states`, `numbers` | [N, D] |
| s_x | `steps` | [N, 1] |
| q_w, s_w, b | `weight`, `scale`, `bias` | [D, E], [E], [E] |
"""

import torch
from torch import Tensor, nn

from models.encoder import Encoder

_LARGEST, _LARGEST_WEIGHT = 127, 63
_SMALLEST = 1e-12  # of a maximum: a token of zeros stays one


class Int8Linear(nn.Module):
    """A linear layer that was trained in fp32. Shape: [..., D] to [..., E]."""

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach()
        scale = weight.abs().amax(dim=1).clamp(min=_SMALLEST) / _LARGEST_WEIGHT
        numbers = (weight / scale.unsqueeze(1)).round().to(torch.int8)
        bias = weight.new_zeros(len(weight)) if linear.bias is None else linear.bias
        self.register_buffer("weight", numbers.t())
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias.detach())

    def forward(self, states: Tensor) -> Tensor:
        """Without gradients."""
        rows = states.reshape(-1, states.shape[-1])
        # Two maxima take half the time of one over the absolute values.
        largest = torch.maximum(rows.amax(1, keepdim=True), -rows.amin(1, keepdim=True))
        steps = largest.clamp_(min=_SMALLEST) / _LARGEST
        numbers = (rows / steps).round_().to(torch.int8)
        found = torch._int_mm(numbers, self.weight).float()
        found = found.mul_(steps).mul_(self.scale).add_(self.bias)
        return found.view(*states.shape[:-1], -1)


def quantise_encoders(network: nn.Module) -> int:
    """Replace, in place, the linear layers of a network's encoders; how many.

    The layers on top stay as they are: they are small, and decide.
    """
    encoders = [one for one in network.modules() if isinstance(one, Encoder)]
    places = [
        (parent, name, child)
        for encoder in encoders
        for parent in encoder.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Linear)
    ]
    for parent, name, child in places:
        setattr(parent, name, Int8Linear(child))
    return len(places)
