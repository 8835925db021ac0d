"""A product's title, bullets and descriptions, with the place of every value."""

import random
import re
from dataclasses import dataclass

from jobs.sample import phrases
from jobs.sample.profiles import Profile, pick
from jobs.sample.records import Mention

_SLOT = re.compile(r"\{([a-z -]+)\}")
_BULLET_SHARE = 0.7
_DESCRIPTION_SHARE = 0.5


@dataclass(frozen=True)
class Catalogue:
    """The texts of a product and the values in them."""

    title: str
    bullets: tuple[str, ...]
    descriptions: tuple[str, ...]
    mentions: tuple[Mention, ...]


def write_catalogue(rng: random.Random, profile: Profile) -> Catalogue:
    """What the maker says about the product."""
    mentions: list[Mention] = []
    title = _title(rng, profile, mentions)
    bullets = _bullets(rng, profile, mentions)
    descriptions = _descriptions(rng, profile, mentions)
    return Catalogue(title, bullets, descriptions, tuple(mentions))


def value_names(profile: Profile) -> dict[str, str]:
    """The product's values by attribute."""
    return {
        aspect.name: aspect.values[position].name
        for aspect, position in zip(profile.domain.aspects, profile.values, strict=True)
    }


def _title(rng: random.Random, profile: Profile, mentions: list[Mention]) -> str:
    names = value_names(profile)
    fixed = {"brand": profile.brand, "model": profile.model}
    parts = _SLOT.split(pick(rng, profile.domain.titles))
    title = ""
    for i, part in enumerate(parts):
        text = part if i % 2 == 0 else names.get(part) or fixed[part]
        if i % 2 and part in names:
            mentions.append(_mention(part, text, "title", 0, len(title)))
        title += text
    return title


def _bullets(
    rng: random.Random, profile: Profile, mentions: list[Mention]
) -> tuple[str, ...]:
    names = value_names(profile)
    bullets: list[str] = []
    for aspect in profile.domain.aspects:
        if rng.random() < _BULLET_SHARE:
            before, after = pick(rng, aspect.bullets).split("{value}")
            name = names[aspect.name]
            place = len(bullets), len(before)
            mentions.append(_mention(aspect.name, name, "bullet", *place))
            bullets.append(before + name + after)
    bullets.append(pick(rng, phrases.BULLETS))
    return tuple(bullets)


def _descriptions(
    rng: random.Random, profile: Profile, mentions: list[Mention]
) -> tuple[str, ...]:
    names = value_names(profile)
    paragraphs = [pick(rng, phrases.DESCRIPTIONS), pick(rng, phrases.DESCRIPTIONS)]
    for aspect in profile.domain.aspects:
        if rng.random() < _DESCRIPTION_SHARE:
            before, after = pick(rng, aspect.descriptions).split("{value}")
            index = int(rng.random() * len(paragraphs))
            begin = len(paragraphs[index]) + 1 + len(before)
            name = names[aspect.name]
            mentions.append(_mention(aspect.name, name, "description", index, begin))
            paragraphs[index] += f" {before}{name}{after}"
    return tuple(paragraphs)


def _mention(name: str, value: str, source: str, index: int, begin: int) -> Mention:
    return Mention(name, value, source, index, begin, begin + len(value))
