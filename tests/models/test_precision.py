import pytest
import torch

from models import precision
from models.precision import half_of

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture(params=["amx_bf16", "avx512_bf16", None])
def has_units(request, monkeypatch):
    capabilities = {"amx_bf16": False, "avx512_bf16": False, "avx512_f": True}
    if request.param:
        capabilities[request.param] = True
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    return request.param is not None


def test_a_cpu_takes_bf16_where_it_has_units_for_it(has_units):
    assert half_of("bf16", CPU) == (torch.bfloat16 if has_units else None)


@pytest.mark.parametrize("name", ["fp32", "fp16", "int8"])
def test_a_cpu_takes_no_other_halves(has_units, name):
    assert half_of(name, CPU) is None


@pytest.mark.parametrize(
    ("name", "half"),
    [("bf16", torch.bfloat16), ("fp16", torch.float16), ("fp32", None)],
)
def test_a_gpu_takes_either(has_units, name, half):
    assert half_of(name, GPU) is half


def test_a_cpu_of_which_nothing_is_known_takes_fp32(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert not precision._has_bf16_units()
