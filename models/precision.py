"""In which numbers a device computes: fp32, or 16 bits where it has units for them."""

from collections.abc import Mapping

import torch

_HALF: Mapping[str, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


def half_of(precision: str, device: torch.device) -> torch.dtype | None:
    """The 16-bit numbers that a device is to compute in; None: fp32.

    A GPU takes either kind; a CPU bf16, where it multiplies them in hardware (AMX
    or AVX-512 BF16). How much faster an encoder is then: docs/benchmarks.md.

    Args:
        precision: fp32, bf16 or fp16; another is fp32.
        device: Where the model is.
    """
    half = _HALF.get(precision)
    if device.type == "cpu" and not (half is torch.bfloat16 and _has_bf16_units()):
        return None
    return half


def _has_bf16_units() -> bool:
    found = torch.cpu.get_capabilities()
    return any(found.get(unit, False) for unit in ("amx_bf16", "avx512_bf16"))
