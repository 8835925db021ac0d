"""The reviews of a product, sentence by sentence.

One sentence in seven could answer a question; two thirds share an aspect's noun and
answer nothing, so that a noun alone finds many wrong sentences.
"""

import random

from jobs.sample import phrases
from jobs.sample.content import Aspect
from jobs.sample.profiles import Profile, draw_user, pick
from jobs.sample.records import Review, Sentence
from jobs.sample.texts import capitalised, decorated, marked_up

FIRST_DAY = 15_340
LAST_DAY = 17_700
_ANSWER_SHARE = 0.14
_NOUN_SHARE = 0.62
_PLAIN_SHARE = 0.78
_OWN_DISTRACTOR_SHARE = 0.6
_SHORT_REVIEW_SHARE = 0.06
_POPULAR_SHARE = 0.05
_POPULAR_FACTOR = 5
_MISSING_SHARE = 0.01
_REPEATED_SHARE = 0.01
_SKEW = 1.6


def n_reviews(rng: random.Random) -> int:
    """Reviews of a product: 3 to 17, one product in twenty five times as many."""
    return (3 + int(rng.random() * 15)) * factor(rng)


def factor(rng: random.Random) -> int:
    """How many times as much is written about a product as about others."""
    return _POPULAR_FACTOR if rng.random() < _POPULAR_SHARE else 1


def talked_about(rng: random.Random, profile: Profile) -> list[int]:
    """Positions of the aspects, those that people talk about most first."""
    positions = list(range(len(profile.values)))
    rng.shuffle(positions)
    return positions


def pick_aspect(rng: random.Random, talked: list[int]) -> int:
    """A position, the first ones far more often."""
    return talked[int(len(talked) * rng.random() ** _SKEW)]


def write_reviews(
    rng: random.Random,
    profile: Profile,
    talked: list[int],
    buyers: list[tuple[str, int]],
    seed: int,
) -> tuple[Review, ...]:
    """All reviews of a product.

    Args:
        rng: Random numbers.
        profile: The product.
        talked: As `talked_about` gives it.
        buyers: Users who bought it after asking, and the day; each writes a review.
        seed: Of the sample.
    """
    authors = dict(buyers)
    for _ in range(n_reviews(rng)):
        day = FIRST_DAY + int(rng.random() * (LAST_DAY - FIRST_DAY))
        authors.setdefault(draw_user(rng, profile.index, seed), day)
    asked = {user_id for user_id, _ in buyers}
    return tuple(
        _review(rng, profile, talked, (user_id, day, user_id in asked))
        for user_id, day in authors.items()
    )


def _review(
    rng: random.Random,
    profile: Profile,
    talked: list[int],
    author: tuple[str, int, bool],
) -> Review:
    user_id, day, is_buyer = author
    rating = min(5, max(1, round(rng.gauss(profile.quality, 1.1))))
    if rng.random() < _SHORT_REVIEW_SHARE:
        sentences = [Sentence(_filler(rng, profile, rating), None)]
    else:
        n_sentences = 2 + int(rng.random() * 5)
        sentences = [
            _sentence(rng, profile, talked, rating) for _ in range(n_sentences)
        ]
    n_votes = int(rng.random() ** 4 * 12)
    n_helpful = int(n_votes * (0.4 + 0.6 * rng.random()))
    missing = rng.random()
    return Review(
        user_id=None if missing < _MISSING_SHARE else user_id,
        rating=None if 0 <= missing - _MISSING_SHARE < _MISSING_SHARE else rating,
        sentences=tuple(sentences),
        raw_text=marked_up(rng, [sentence.text for sentence in sentences]),
        summary=pick(rng, phrases.SUMMARIES[rating]),
        day=day,
        is_verified=is_buyer or rng.random() < 0.7,
        n_helpful=n_helpful,
        n_votes=n_votes,
        style=pick(rng, ("Black", "Blue", "Grey")) if rng.random() < 0.3 else None,
        is_repeated=rng.random() < _REPEATED_SHARE,
    )


def _sentence(
    rng: random.Random, profile: Profile, talked: list[int], rating: int
) -> Sentence:
    kind = rng.random()
    if kind > _ANSWER_SHARE + _NOUN_SHARE:
        return Sentence(_filler(rng, profile, rating), None)
    position = pick_aspect(rng, talked)
    aspect = profile.domain.aspects[position]
    value = aspect.values[profile.values[position]]
    if kind < _ANSWER_SHARE:
        is_plain = rng.random() < _PLAIN_SHARE
        texts = value.answers if is_plain else value.paraphrases
        text = pick(rng, pick(rng, texts))
        return Sentence(decorated(rng, capitalised(text)), aspect.name)
    if rng.random() < _OWN_DISTRACTOR_SHARE:
        text = pick(rng, pick(rng, value.distractors))
    else:
        text = _small_talk(rng, aspect)
    return Sentence(decorated(rng, capitalised(text)), None)


def _small_talk(rng: random.Random, aspect: Aspect) -> str:
    text = pick(rng, pick(rng, phrases.DISTRACTORS))
    return text.replace("{topic}", aspect.topic)


def _filler(rng: random.Random, profile: Profile, rating: int) -> str:
    texts = phrases.NEUTRAL
    if rng.random() < 0.75:
        texts = {1: phrases.NEGATIVE, 2: phrases.NEGATIVE, 3: phrases.NEUTRAL}.get(
            rating, phrases.POSITIVE
        )
    text = pick(rng, pick(rng, texts)).replace("{thing}", profile.domain.thing)
    # Most people write these verbatim: the same text stands under many products.
    is_clause = text.startswith(("I ", "It ", "You ", "We ", "The "))
    return decorated(rng, text) if is_clause and rng.random() < 0.5 else text
