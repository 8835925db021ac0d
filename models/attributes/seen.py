"""Which values were seen with which attribute in training, as hashes."""

from collections.abc import Iterable
from hashlib import sha256

import numpy as np

from models.extraction import normalised


def seen_values(pairs: Iterable[tuple[str, str]]) -> np.ndarray:
    """Sorted 64-bit hashes of the distinct pairs of attribute and value."""
    found = {hashed(attribute, value) for attribute, value in pairs}
    return np.array(sorted(found), dtype=np.uint64)


def hashed(attribute: str, value: str) -> int:
    """Hash of a pair, whatever its case and white space."""
    text = f"{normalised(attribute)}\x1f{normalised(value)}"
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")
