"""A product's title, bullets and descriptions, with the place of every value."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.sample import phrases
from jobs.sample.facts import Fact
from jobs.sample.profiles import Profile, pick
from jobs.sample.records import Mention
from jobs.sample.texts import capitalised
from jobs.sample.units import spellings

_SLOT = re.compile(r"\{([a-z -]+)\}")
_BULLET_SHARE = 0.55
_DESCRIPTION_SHARE = 0.4
_TITLE_ENDING_SHARE = 0.6
_TRAP_SHARE = 0.7
_WORDING_SHARE = 0.12
_SPELLING_SHARE = 0.3


@dataclass(frozen=True)
class Catalogue:
    """The texts of a product and the values in them."""

    title: str
    bullets: tuple[str, ...]
    descriptions: tuple[str, ...]
    mentions: tuple[Mention, ...]


def write_catalogue(
    rng: random.Random, profile: Profile, facts: Sequence[Fact]
) -> Catalogue:
    """What the maker says about the product."""
    mentions: list[Mention] = []
    title = _title(rng, profile, facts, mentions)
    bullets = _bullets(rng, facts, mentions)
    descriptions = _descriptions(rng, facts, mentions)
    return Catalogue(title, bullets, descriptions, tuple(mentions))


def _title(
    rng: random.Random,
    profile: Profile,
    facts: Sequence[Fact],
    mentions: list[Mention],
) -> str:
    slots = {fact.attribute: fact for fact in facts}
    slots |= {"brand": slots["brand name"], "model": slots["item model number"]}
    title = ""
    for i, part in enumerate(_SLOT.split(pick(rng, profile.domain.titles))):
        title += part if i % 2 == 0 else ""
        if i % 2:
            title = worded(rng, slots[part], title, ("title", 0), mentions)
    endings = [fact for fact in facts if fact.titles]
    if rng.random() < _TITLE_ENDING_SHARE:
        fact = pick(rng, endings)
        before, after = pick(rng, fact.titles).split("{value}")
        title = worded(rng, fact, title + before, ("title", 0), mentions) + after
    return title


def _bullets(
    rng: random.Random, facts: Sequence[Fact], mentions: list[Mention]
) -> tuple[str, ...]:
    bullets: list[str] = []
    for fact in facts:
        if fact.bullets and rng.random() < _BULLET_SHARE:
            before, after = pick(rng, fact.bullets).split("{value}")
            place = "bullet", len(bullets)
            bullets.append(worded(rng, fact, before, place, mentions) + after)
    if rng.random() < _TRAP_SHARE:
        fact = pick(rng, [fact for fact in facts if fact.traps])
        trap = pick(rng, fact.traps).replace("{other}", fact.other)
        bullets.append(capitalised(trap))
    bullets.append(pick(rng, phrases.BULLETS))
    return tuple(bullets)


def _descriptions(
    rng: random.Random, facts: Sequence[Fact], mentions: list[Mention]
) -> tuple[str, ...]:
    paragraphs = [pick(rng, phrases.DESCRIPTIONS), pick(rng, phrases.DESCRIPTIONS)]
    for fact in facts:
        if fact.descriptions and rng.random() < _DESCRIPTION_SHARE:
            before, after = pick(rng, fact.descriptions).split("{value}")
            index = int(rng.random() * len(paragraphs))
            text = f"{paragraphs[index]} {before}"
            place = "description", index
            paragraphs[index] = worded(rng, fact, text, place, mentions) + after
    return tuple(paragraphs)


def worded(
    rng: random.Random,
    fact: Fact,
    text: str,
    place: tuple[str, int],
    mentions: list[Mention],
) -> str:
    """The text with the value put behind it; its place joins the mentions.

    Where another wording holds the usual one (`about 400 grams`), that is the value.
    """
    said = _form(rng, fact)
    begin = len(text) + max(0, said.find(fact.value))
    value = fact.value if fact.value in said else said
    mentions.append(
        Mention(fact.attribute, value, *place, begin, begin + len(value), fact.verdict)
    )
    return text + said


def _form(rng: random.Random, fact: Fact) -> str:
    """The value in one of its forms, mostly its usual one."""
    kind = rng.random()
    if fact.wordings and kind < _WORDING_SHARE:
        return pick(rng, fact.wordings)
    forms = spellings(fact.value)
    if forms and kind > 1 - _SPELLING_SHARE:
        return pick(rng, forms)
    return fact.value
