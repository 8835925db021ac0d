"""One product of the sample with everything that was written about it.

How hard it is, measured over many products (the tests hold the bounds): about 27 % of
the true answers share no noun with their question; of the sentences that share a noun
with the question, about 85 % do not answer it; nearly half of the questions have no
answer in the reviews. Of the labelled candidates about 20 % are answers.
"""

from jobs.sample.catalogue import write_catalogue
from jobs.sample.facts import facts_of
from jobs.sample.profiles import Profile, draw_profile, draw_user, generator
from jobs.sample.questions import Asked, write_questions
from jobs.sample.records import Purchase, Review, SampleProduct
from jobs.sample.reviews import talked_about, write_reviews

_REVIEWING_BUYER_SHARE = 0.5
_RECORDED_SHARE = 0.3


def generate_product(index: int, seed: int) -> SampleProduct:
    """The product of an index; the same pair gives the same product everywhere.

    Purchases are those of its askers and reviewers; an asker may have bought another
    product, always one of a smaller index.

    Args:
        index: From 0 to below 36**8 / 3.
        seed: Of the sample.
    """
    profile = draw_profile(index, seed)
    facts = facts_of(profile, seed)
    catalogue = write_catalogue(generator(seed, index, "catalogue"), profile, facts)
    talked = talked_about(generator(seed, index, "talk"), profile)
    asked = write_questions(generator(seed, index, "questions"), profile, talked, seed)
    buyers = _reviewing_buyers(profile, asked, seed)
    reviews_rng = generator(seed, index, "reviews")
    reviews = write_reviews(reviews_rng, profile, talked, buyers, seed)
    low, high = profile.domain.prices
    price = low + int(profile.quality * 1000) % (high - low)
    return SampleProduct(
        product_id=profile.product_id,
        domain=profile.domain.name,
        categories=profile.domain.categories,
        brand=profile.brand,
        title=catalogue.title,
        bullets=catalogue.bullets,
        descriptions=catalogue.descriptions,
        price=f"${price}.99",
        specification=tuple((f.attribute, f.listed) for f in facts if f.listed),
        mentions=catalogue.mentions,
        reviews=reviews,
        questions=tuple(one.question for one in asked),
        purchases=_purchases(profile, asked, reviews, seed),
    )


def _reviewing_buyers(
    profile: Profile, asked: list[Asked], seed: int
) -> list[tuple[str, int]]:
    """Askers who bought this product and write about it, with the day."""
    rng = generator(seed, profile.index, "buyers")
    return [
        (one.purchase.user_id, one.purchase.day + 10)
        for one in asked
        if one.purchase is not None
        and one.purchase.product_id == profile.product_id
        and rng.random() < _REVIEWING_BUYER_SHARE
    ]


def _purchases(
    profile: Profile, asked: list[Asked], reviews: tuple[Review, ...], seed: int
) -> tuple[Purchase, ...]:
    rng = generator(seed, profile.index, "purchases")
    purchases = [one.purchase for one in asked if one.purchase is not None]
    for review in reviews:
        if rng.random() < _RECORDED_SHARE:
            user_id = review.user_id or draw_user(rng, profile.index, seed)
            purchases.append(Purchase(user_id, profile.product_id, review.day - 5))
    # An asker of two questions bought once.
    return tuple({(p.user_id, p.product_id): p for p in purchases}.values())
