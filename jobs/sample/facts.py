"""What is true of a product, attribute by attribute, and what its shop lists.

The shop's specification lacks every fifth attribute, is wrong in one of twenty-five,
and spells the units of the others in its own way now and then.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from jobs.sample import phrases
from jobs.sample.details import DETAILS, Detail, Names
from jobs.sample.profiles import Profile, generator, pick
from jobs.sample.units import spellings

_LACKING_SHARE = 0.2
_WRONG_SHARE = 0.04
_SHOP_SPELLING_SHARE = 0.3


@dataclass(frozen=True)
class Fact:
    """An attribute of a product.

    Attributes:
        attribute: Its name.
        value: What is true.
        wordings: Other names of the value, that say the same.
        other: A value that the product does not have.
        listed: What the shop's specification says; None where it lacks the attribute.
        verdict: On that: adds, agrees or contradicts.
        titles: Endings of a title, with `{value}`.
        bullets: With `{value}`.
        descriptions: Sentences with `{value}`.
        traps: Bullets with `{other}`.
    """

    attribute: str
    value: str
    wordings: tuple[str, ...]
    other: str
    listed: str | None
    verdict: str
    titles: tuple[str, ...]
    bullets: tuple[str, ...]
    descriptions: tuple[str, ...]
    traps: tuple[str, ...]


def facts_of(profile: Profile, seed: int) -> tuple[Fact, ...]:
    """All attributes of a product: brand and model, aspects, details."""
    rng = generator(seed, profile.index, "facts")
    details = DETAILS[profile.domain.name]
    return (
        _name("brand name", profile.brand),
        _name("item model number", profile.model),
        *(_aspect(rng, profile, position) for position in range(len(profile.values))),
        *(_detail(rng, detail) for detail in details),
    )


def _name(attribute: str, value: str) -> Fact:
    """What every title names and every shop lists."""
    return Fact(attribute, value, (), "", value, "agrees", (), (), (), ())


def _aspect(rng: random.Random, profile: Profile, position: int) -> Fact:
    aspect = profile.domain.aspects[position]
    value = aspect.values[profile.values[position]]
    others = [other.name for other in aspect.values if other is not value]
    listed, verdict = _listed(rng, value.name, lambda: pick(rng, others))
    return Fact(
        attribute=aspect.name,
        value=value.name,
        wordings=value.wordings,
        other=pick(rng, others),
        listed=listed,
        verdict=verdict,
        titles=(),
        bullets=aspect.bullets,
        descriptions=aspect.descriptions,
        traps=phrases.TRAPS,
    )


def _detail(rng: random.Random, detail: Detail) -> Fact:
    value = detail.values.draw(rng)
    is_name = isinstance(detail.values, Names)
    wordings = (value.title(), value.replace("gray", "grey")) if is_name else ()

    def another() -> str:
        while (other := detail.values.draw(rng)) == value:
            pass
        return other

    listed, verdict = _listed(rng, value, another)
    return Fact(
        attribute=detail.name,
        value=value,
        wordings=wordings,
        other=another(),
        listed=listed,
        verdict=verdict,
        titles=detail.titles,
        bullets=detail.bullets,
        descriptions=detail.descriptions,
        traps=detail.traps,
    )


def _listed(
    rng: random.Random, value: str, another: Callable[[], str]
) -> tuple[str | None, str]:
    """What the shop lists, and what the truth says of it."""
    kind = rng.random()
    if kind < _LACKING_SHARE:
        return None, "adds"
    if kind < _LACKING_SHARE + _WRONG_SHARE:
        return another(), "contradicts"
    forms = spellings(value)
    is_own = forms and rng.random() < _SHOP_SPELLING_SHARE
    return (forms[0] if is_own else value), "agrees"
