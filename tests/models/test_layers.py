"""Shared blocks."""

import numpy as np
import pytest
import torch

from models.layers import BiGru, SelfAttention, co_attention_weights, masked_softmax


def pair(m=5, n=4, seed=0):
    torch.manual_seed(seed)
    mask_x = torch.tensor([[True] * m, [True] * 2 + [False] * (m - 2)])
    mask_y = torch.tensor([[True] * (n - 1) + [False], [True] * n])
    return torch.randn(2, m, n) * 3, mask_x, mask_y


def test_a_softmax_gives_pads_nothing():
    mask = torch.tensor([[True, True, False]])
    weights = masked_softmax(torch.tensor([[1.0, 1.0, 99.0]]), mask)
    assert weights.tolist() == [[0.5, 0.5, 0.0]]


@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
@pytest.mark.parametrize("has_tanh", [True, False])
def test_co_attention_sums_to_one_and_is_zero_at_pads(pool, has_tanh):
    affinity, mask_x, mask_y = pair()
    for weights, mask in zip(
        co_attention_weights(affinity, mask_x, mask_y, pool=pool, has_tanh=has_tanh),
        (mask_x, mask_y),
        strict=True,
    ):
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
        assert weights[~mask].abs().max() == 0
        assert (weights[mask] > 0).all()


@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
def test_transposing_the_pair_swaps_the_attentions(pool):
    affinity, mask_x, mask_y = pair()
    to_x, to_y = co_attention_weights(affinity, mask_x, mask_y, pool=pool)
    swapped = co_attention_weights(affinity.transpose(1, 2), mask_y, mask_x, pool=pool)
    torch.testing.assert_close(swapped, (to_y, to_x))


def test_the_rows_are_summed_as_the_equation_says():
    affinity, mask_x, mask_y = pair()
    to_x, _ = co_attention_weights(affinity, mask_x, mask_y)
    g = np.tanh(affinity[1, :2, :].numpy())
    scores = np.exp(g.sum(axis=1))
    np.testing.assert_allclose(to_x[1, :2].numpy(), scores / scores.sum(), rtol=1e-5)


def test_the_mean_divides_by_the_other_texts_real_tokens():
    affinity, mask_x, mask_y = pair()
    to_x, _ = co_attention_weights(affinity, mask_x, mask_y, pool="mean")
    g = np.tanh(affinity[0, :, :3].numpy()).mean(axis=1)
    np.testing.assert_allclose(to_x[0].numpy(), np.exp(g) / np.exp(g).sum(), rtol=1e-5)
    power = co_attention_weights(affinity, mask_x, mask_y, pool_power=1.0)
    torch.testing.assert_close(power[0], to_x)


def test_a_gru_does_not_see_padding():
    torch.manual_seed(0)
    gru = BiGru(input_size=3, hidden_size=2)
    inputs = torch.randn(1, 4, 3)
    mask = torch.ones(1, 4, dtype=torch.bool)
    alone = gru(inputs, mask)
    more = torch.cat([inputs, torch.randn(1, 50, 3)], dim=1)
    longer = gru(more, torch.cat([mask, torch.zeros(1, 50, dtype=torch.bool)], dim=1))
    torch.testing.assert_close(longer[:, :4], alone)
    assert longer[:, 4:].abs().max() == 0


def test_self_attention_is_the_weighted_mean_of_the_equation():
    torch.manual_seed(0)
    layer = SelfAttention(size=3, hidden_size=2)
    states = torch.randn(1, 4, 3)
    mask = torch.tensor([[True, True, True, False]])
    weights, mean = layer(states, mask)
    u, v = layer.project.weight.detach().numpy(), layer.score.weight.detach().numpy()[0]
    h = states[0, :3].numpy()
    scores = np.exp(np.tanh(h @ u.T) @ v)
    expected = scores / scores.sum()
    np.testing.assert_allclose(weights[0].detach().numpy()[:3], expected, rtol=1e-5)
    np.testing.assert_allclose(mean[0].detach().numpy(), expected @ h, rtol=1e-5)
