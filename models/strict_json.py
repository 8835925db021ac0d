"""JSON that every reader takes: without NaN and infinities."""

import json
import math
from collections.abc import Mapping
from typing import Any


def as_json(content: Mapping[str, Any]) -> str:
    """A text of it, keys in order, ASCII; a number that is not finite is null.

    >>> as_json({"b": [float("nan")], "a": 1}).split()
    ['{', '"a":', '1,', '"b":', '[', 'null', ']', '}']
    """
    text = json.dumps(
        _finite(content),
        indent=2,
        sort_keys=True,
        allow_nan=False,
    )
    return f"{text}\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
