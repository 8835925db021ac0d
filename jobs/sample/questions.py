"""The questions of a product, their answers, and what the askers bought.

An asker wants some value of the aspect. Where the product has it, the asker mostly
buys it, else mostly a similar product that does: what is bought depends on what was
asked.
"""

import random
from dataclasses import dataclass

from jobs.sample import phrases
from jobs.sample.content import Aspect
from jobs.sample.profiles import Profile, draw_user, neighbour, pick
from jobs.sample.records import Answer, Purchase, Question
from jobs.sample.reviews import FIRST_DAY, LAST_DAY, factor, pick_aspect
from jobs.sample.texts import capitalised, misspelt

_WISH_SHARE = 0.4
_OFF_TOPIC_SHARE = 0.25
_EVASION_SHARE = 0.2
_LOWER_CASE_SHARE = 0.05
_REPEATED_SHARE = 0.01
_BUYS_SATISFYING = 0.75
_BUYS_DESPITE = 0.1
_YES_NO = ("Do ", "Does ", "Is ", "Are ", "Can ", "Will ")


@dataclass(frozen=True)
class Asked:
    """A question and what its asker bought, None where nothing."""

    question: Question
    purchase: Purchase | None


def write_questions(
    rng: random.Random, profile: Profile, talked: list[int], seed: int
) -> list[Asked]:
    """All questions about a product.

    Args:
        rng: Random numbers.
        profile: The product.
        talked: Positions of the aspects, most talked about first.
        seed: Of the sample.
    """
    count = int(rng.random() * 6) * factor(rng)
    return [_asked(rng, profile, talked, seed) for _ in range(count)]


def _asked(rng: random.Random, profile: Profile, talked: list[int], seed: int) -> Asked:
    if rng.random() < _OFF_TOPIC_SHARE:
        position = pick(rng, talked)
    else:
        position = pick_aspect(rng, talked)
    aspect = profile.domain.aspects[position]
    wanted = pick(rng, aspect.wishes_for)
    is_satisfied = aspect.satisfies(profile.values[position], wanted)
    is_wish = rng.random() < _WISH_SHARE
    text = pick(rng, pick(rng, aspect.wishes if is_wish else aspect.questions))
    text = text.replace("{want}", aspect.values[wanted].name)
    is_yes_no = text.startswith(_YES_NO)
    day = FIRST_DAY + int(rng.random() * (LAST_DAY - FIRST_DAY))
    user_id = draw_user(rng, profile.index, seed)
    known = is_satisfied if is_wish else None
    question = Question(
        user_id=user_id,
        aspect=aspect.name,
        text=_spelt(rng, text),
        is_yes_no=is_yes_no,
        day=day,
        answers=_answers(rng, profile, position, known, (day, is_yes_no, seed)),
        is_repeated=rng.random() < _REPEATED_SHARE,
    )
    bought = _bought(rng, profile, (position, wanted, is_satisfied), seed)
    when = day + 1 + int(rng.random() * 14)
    purchase = Purchase(user_id, bought, when) if bought else None
    return Asked(question, purchase)


def _spelt(rng: random.Random, text: str) -> str:
    text = misspelt(rng, text)
    return text.lower() if rng.random() < _LOWER_CASE_SHARE else text


def _answers(
    rng: random.Random,
    profile: Profile,
    position: int,
    known: bool | None,
    asked: tuple[int, bool, int],
) -> tuple[Answer, ...]:
    day, is_yes_no, seed = asked
    aspect = profile.domain.aspects[position]
    answers = []
    for _ in range(int(rng.random() * 4)):
        text, kind = _reply(rng, aspect, profile.values[position], known)
        n_votes = int(rng.random() ** 2 * 6)
        share = 0.3 if kind == "?" else 0.9
        answers.append(
            Answer(
                user_id=draw_user(rng, profile.index, seed),
                text=text,
                kind=kind if is_yes_no else "",
                day=day + 1 + int(rng.random() * 30),
                n_helpful=int(n_votes * share + rng.random()) if n_votes else 0,
                n_votes=n_votes,
            )
        )
    return tuple(answers)


def _reply(
    rng: random.Random, aspect: Aspect, position: int, known: bool | None
) -> tuple[str, str]:
    """A community answer and its kind; nobody says yes to an open question."""
    if rng.random() < _EVASION_SHARE:
        return capitalised(pick(rng, pick(rng, phrases.EVASIONS))) + ".", "?"
    text = pick(rng, pick(rng, aspect.values[position].replies))
    if known is None:
        return misspelt(rng, capitalised(text) + "."), "?"
    word = "Yes" if known else "No"
    return misspelt(rng, f"{word}, {text}."), word[0]


def _bought(
    rng: random.Random, profile: Profile, wish: tuple[int, int, bool], seed: int
) -> str | None:
    position, wanted, is_satisfied = wish
    if rng.random() >= _BUYS_SATISFYING:
        return profile.product_id if rng.random() < _BUYS_DESPITE else None
    if is_satisfied:
        return profile.product_id
    return neighbour(profile.index, seed, aspect=position, wanted=wanted)
