"""Linear layers in 8 bits against their equation, and on CPUs of other kinds."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from models.encoder import WordPieces, pretrained
from models.int8 import Int8Linear, quantise_encoders

SUMS = """
import torch
from torch import nn
from models.int8 import Int8Linear
linear = nn.Linear(512, 3, bias=False)
nn.init.ones_(linear.weight)
states = torch.ones(40, 512)
with torch.inference_mode():
    print(*Int8Linear(linear)(states).unique().tolist())
"""


def linear_of(weight, bias=None):
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None)
    layer.weight.data = torch.tensor(weight)
    if bias is not None:
        layer.bias.data = torch.tensor(bias)
    return layer


@torch.inference_mode()
def test_a_layer_is_its_equation():
    weight, bias = [[0.4, -1.0, 0.3], [0.0, 0.02, 0.007]], [0.1, -0.2]
    states = [[2.1, -4.0, 1.0], [0.0, 0.0, 0.0], [0.001, 0.002, 0.003]]
    found = Int8Linear(linear_of(weight, bias))(torch.tensor(states))
    q_w = [np.round(np.array(row) / max(np.abs(row)) * 63) for row in weight]
    for x, y in zip(states, found.tolist(), strict=True):
        s_x = max(1e-12, *np.abs(x)) / 127
        q_x = np.round(np.array(x) / s_x)
        expected = [
            s_x * max(np.abs(row)) / 63 * float(q_x @ q) + b
            for row, q, b in zip(weight, q_w, bias, strict=True)
        ]
        assert y == pytest.approx(expected, rel=1e-5, abs=1e-7)


@torch.inference_mode()
def test_a_large_token_does_not_change_the_others():
    torch.manual_seed(0)
    layer = Int8Linear(nn.Linear(32, 24))
    states = torch.randn(2, 5, 32)
    expected = layer(states)
    loud = states.clone()
    loud[0, 2] *= 1000
    found = layer(loud)
    assert found.shape == (2, 5, 24)
    torch.testing.assert_close(found[:, [0, 1, 3, 4]], expected[:, [0, 1, 3, 4]])
    torch.testing.assert_close(found[1], expected[1])
    assert not torch.allclose(found[0, 2], expected[0, 2])


@torch.inference_mode()
def test_a_layer_without_bias_and_with_an_output_of_zeros():
    found = Int8Linear(linear_of([[0.0, 0.0], [1.0, -1.0]]))(torch.tensor([[3.0, 1.0]]))
    assert found[0].tolist() == pytest.approx([0, 2], abs=0.03)


@torch.inference_mode()
def test_no_number_stays_none():
    found = Int8Linear(linear_of([[1.0, 1.0]]))(torch.tensor([[torch.nan, 1.0]]))
    assert found.isnan().all()


def test_sums_are_right_on_a_cpu_without_products_of_8_bits():
    # oneDNN reads the variable once a process. All products are at their largest: with
    # weights of 8 bits in place of 7 the sum is 4.
    done = subprocess.run(
        [sys.executable, "-c", SUMS],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) == pytest.approx(512, rel=1e-5)


@torch.inference_mode()
def test_an_encoder_in_8_bits_says_nearly_the_same(tiny):
    source = pretrained(tiny)
    tokens = WordPieces(source.words).read(["w1 w2 w3", "w4", "w7 w9 w30 w2 w2"], 40)
    encoder = source.encoder().eval()
    expected = encoder(tokens)[tokens.mask]
    network = nn.ModuleDict({"encoder": encoder, "top": nn.Linear(16, 16)})
    # Query, key, value, their output and two of the feed-forward part, in two layers.
    assert quantise_encoders(network) == 12
    found = encoder(tokens)[tokens.mask]
    error = (found - expected).norm() / expected.norm()
    assert 0 < error < 0.05
    assert type(network["top"]) is nn.Linear


def test_where_there_is_no_encoder_nothing_changes():
    network = nn.Sequential(nn.Linear(4, 4))
    assert quantise_encoders(network) == 0
    assert type(network[0]) is nn.Linear
