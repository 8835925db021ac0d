"""A trained network on a device: its precisions, and what they must not change."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from models.attributes.aveqa import Aveqa
from models.attributes.extractor import NetworkExtractor, best_of
from models.checkpoint import Card, ModelError
from models.encoder import pretrained
from models.int8 import Int8Linear

CARD = Card(folder="m", name="aveqa", fingerprint="f", threshold=0.5, config={})
TEXTS = [
    "w1 w2 w3 w4 w5",
    "w6",
    "w7 w8 w9 w10 w11 w12 w13",
    " ".join(f"w{place}" for place in range(40)),
]
ATTRIBUTES = ["w20", "w21 w22", "w20", "w23"]


@pytest.fixture(scope="module")
def network(tiny):
    source = pretrained(tiny)
    torch.manual_seed(2)
    config = {
        "is_lower_case": True,
        "max_tokens": 24,
        "stride": 4,
        "is_literal_head": False,
        "has_classifier": True,
    }
    return Aveqa(source.encoder(), source.words, config).eval()


def extractor(network, precision, device="cpu"):
    return NetworkExtractor(
        copy.deepcopy(network), CARD, device=device, precision=precision
    )


def found(model):
    windows = model.windows(TEXTS, ATTRIBUTES)
    return best_of(model.extract(windows), len(TEXTS))


def logits(values):
    return np.array([one.logit for one in values])


def test_int8_says_nearly_what_fp32_says(network):
    plain, small = (found(extractor(network, name)) for name in ("fp32", "int8"))
    difference = np.abs(logits(small) - logits(plain)).max()
    assert 0 < difference < 0.1 * np.ptp(logits(plain))
    assert [one.span for one in small] == [one.span for one in plain]


def test_int8_does_not_depend_on_what_else_is_read(network):
    model = extractor(network, "int8")
    windows = model.windows(TEXTS, ATTRIBUTES)
    together = model.extract(windows)
    for window, expected in zip(windows, together, strict=True):
        (alone,) = model.extract([window])
        assert alone.span == expected.span
        assert alone.logit == pytest.approx(expected.logit, abs=1e-4)


def test_int8_replaces_the_encoders_layers_and_leaves_the_heads(network):
    model = extractor(network, "int8")
    is_small = {
        name.split(".")[0]: isinstance(one, Int8Linear)
        for name, one in model.network.named_modules()
        if isinstance(one, nn.Linear | Int8Linear)
    }
    assert is_small == {"encoder": True, "span": False, "has_value": False}


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_cpu_without_units_reads_half_precision_as_fp32(
    network, precision, monkeypatch
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    plain, half = (found(extractor(network, name)) for name in ("fp32", precision))
    assert half == plain


def test_int8_is_refused_where_there_is_no_encoder():
    line = "precision int8: aveqa has no encoder to quantise, expected fp32"
    with pytest.raises(ModelError, match=f"^{line}$"):
        extractor(nn.Linear(2, 2), "int8")


def test_int8_is_refused_on_another_device_than_a_cpu(network):
    # No GPU is needed: the device named meta holds no values at all.
    line = "precision int8: the device is meta, expected a CPU; a GPU takes fp32"
    with pytest.raises(ModelError, match=line):
        extractor(network, "int8", device="meta")


def test_half_precision_is_the_encoders_alone(network, monkeypatch):
    plain = found(extractor(network, "fp32"))
    # A CPU without units computes in bf16 too, if slowly.
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    halved = extractor(network, "bf16")
    assert logits(found(halved)) == pytest.approx(logits(plain), abs=0.3)
    assert (logits(found(halved)) != logits(plain)).any()
    dtypes = []
    halved.network.span.begin.register_forward_hook(
        lambda _, given, out: dtypes.append((given[0].dtype, out.dtype))
    )
    found(halved)
    assert set(dtypes) == {(torch.float32, torch.float32)}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-3), ("bf16", 0.3)])
def test_a_gpu_says_what_a_cpu_says(network, precision, tolerance):
    plain = found(extractor(network, "fp32"))
    on_gpu = found(extractor(network, precision, device="cuda:0"))
    assert logits(on_gpu) == pytest.approx(logits(plain), abs=tolerance)
