"""Who and what an index stands for: ids, and a product's domain and values.

Everything follows from (seed, index), so that any worker can know any product
without having generated it.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from jobs.sample import phrases
from jobs.sample.content import Domain
from jobs.sample.domains import DOMAINS

USERS_PER_PRODUCT = 3
Item = TypeVar("Item")

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SPACE = 36**8
# Odd and no multiple of three, so that multiplying is a bijection modulo 36**8.
_FACTOR = 1_234_567_890_127
_NEIGHBOURS = 8
_WINDOW = 25


@dataclass(frozen=True)
class Profile:
    """The part of a product that is cheap to know.

    `values` are positions, one for each aspect of the domain, in its order.
    `quality` is the mean of the product's ratings before they are rounded.
    """

    index: int
    product_id: str
    domain: Domain
    brand: str
    model: str
    values: tuple[int, ...]
    quality: float


def generator(seed: int, index: int, concern: str) -> random.Random:
    """Random numbers of one concern of one product, the same on every machine."""
    # A reproducible draw is the point here, no secret depends on it.
    return random.Random(f"{seed}/{index}/{concern}")  # noqa: S311


def pick(rng: random.Random, items: Sequence[Item]) -> Item:
    """One of the items; a fifth of the cost of `Random.choice`."""
    return items[int(rng.random() * len(items))]


@lru_cache(maxsize=4096)
def draw_profile(index: int, seed: int) -> Profile:
    """Domain, brand and attribute values of a product."""
    rng = generator(seed, index, "profile")
    domain = DOMAINS[index % len(DOMAINS)]
    return Profile(
        index=index,
        product_id="B0" + _code(index, seed, "product"),
        domain=domain,
        brand=pick(rng, phrases.BRANDS),
        model=f"{pick(rng, _DIGITS[10:])}{pick(rng, _DIGITS[10:])}{rng.randrange(900)}",
        values=tuple(int(rng.random() * len(a.values)) for a in domain.aspects),
        quality=3.0 + 1.8 * rng.random(),
    )


def neighbour(index: int, seed: int, *, aspect: int, wanted: int) -> str | None:
    """Id of a product of the domain that satisfies, among the eight before this one.

    Looking back only, so that it exists in every landing zone that holds `index`.
    """
    for step in range(1, _NEIGHBOURS + 1):
        other = index - step * len(DOMAINS)
        if other < 0:
            return None
        profile = draw_profile(other, seed)
        if profile.domain.aspects[aspect].satisfies(profile.values[aspect], wanted):
            return profile.product_id
    return None


def draw_user(rng: random.Random, index: int, seed: int) -> str:
    """A user from the pool around a product: three users per product, shared."""
    shift = int(rng.random() * (2 * _WINDOW + 1)) - _WINDOW
    slot = abs(index + shift) * USERS_PER_PRODUCT + int(rng.random() * 3)
    return "A" + _code(slot, seed, "user")


def _code(number: int, seed: int, kind: str) -> str:
    """Eight letters and digits, different for different numbers below 36**8."""
    mixed = (number * _FACTOR + _offset(seed, kind)) % _SPACE
    digits = []
    for _ in range(8):
        mixed, digit = divmod(mixed, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


@lru_cache(maxsize=64)
def _offset(seed: int, kind: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{kind}".encode()).digest()[:8])
