"""What one product is, and what many of them add up to."""

import dataclasses
import re
from collections import Counter

from jobs.sample import phrases
from jobs.sample.catalogue import worded
from jobs.sample.domains import DOMAINS
from jobs.sample.facts import facts_of
from jobs.sample.generate import generate_product
from jobs.sample.profiles import draw_profile, neighbour
from jobs.sample.texts import capitalised, misspelt, uncapitalised
from jobs.sample.units import spellings

SEED = 7


def test_the_same_index_and_seed_give_the_same_product(products):
    again = [generate_product(index, SEED) for index in reversed(range(20))]
    assert again[::-1] == products[:20]


def test_another_seed_gives_other_products(products):
    other = [generate_product(index, SEED + 1) for index in range(20)]
    assert all(a.title != b.title for a, b in zip(products, other, strict=False))
    assert {p.product_id for p in products}.isdisjoint(p.product_id for p in other)


def test_every_index_has_an_id_of_its_own():
    ids = {draw_profile(index, SEED).product_id for index in range(20_000)}
    assert len(ids) == 20_000
    assert all(re.fullmatch(r"B0[0-9A-Z]{8}", name) for name in ids)


def test_values_stand_where_the_mentions_say(products):
    sources = Counter()
    for product in products:
        texts = {
            "title": (product.title,),
            "bullet": product.bullets,
            "description": product.descriptions,
        }
        for mention in product.mentions:
            text = texts[mention.source][mention.source_index]
            assert text[mention.begin : mention.end] == mention.value
            sources[mention.source] += 1
    assert min(sources[s] for s in ("title", "bullet", "description")) > 300


def test_a_text_says_the_true_value_in_one_of_its_forms(products):
    ways = Counter()
    for index, product in enumerate(products):
        facts = {f.attribute: f for f in facts_of(draw_profile(index, SEED), SEED)}
        for mention in product.mentions:
            fact = facts[mention.attribute]
            forms = spellings(fact.value)
            assert mention.value in {fact.value, *fact.wordings, *forms}
            ways["usual"] += mention.value == fact.value
            ways["unit"] += mention.value in forms
            ways["all"] += 1
    assert 0.75 < ways["usual"] / ways["all"] < 0.9
    assert 0.07 < ways["unit"] / ways["all"] < 0.2


def test_a_wording_that_holds_the_usual_one_gives_the_usual_ones_place():
    kettle = draw_profile(1, SEED)
    facts = {fact.attribute: fact for fact in facts_of(kettle, SEED)}
    fact = dataclasses.replace(
        facts["cord length"],
        value="70 centimeters",
        wordings=("about 70 centimeters",),
        bullets=("Power cord of {value}",),
    )
    first_wording = _Fixed([0.0, 0.0])
    mentions = []
    said = worded(first_wording, fact, "Power cord of ", ("bullet", 2), mentions)
    assert said == "Power cord of about 70 centimeters"
    (mention,) = mentions
    assert (mention.source, mention.source_index) == ("bullet", 2)
    assert said[mention.begin : mention.end] == mention.value == "70 centimeters"


def test_the_specification_lacks_some_values_and_is_wrong_in_some(products):
    verdicts = Counter()
    for index, product in enumerate(products):
        facts = {f.attribute: f for f in facts_of(draw_profile(index, SEED), SEED)}
        listed = dict(product.specification)
        for attribute, verdict in {(m.attribute, m.verdict) for m in product.mentions}:
            fact = facts[attribute]
            right = {fact.value, *spellings(fact.value)}
            expected = "agrees" if listed.get(attribute) in right else "contradicts"
            assert verdict == (expected if attribute in listed else "adds")
            verdicts[verdict] += 1
    assert 0.12 < verdicts["adds"] / verdicts.total() < 0.22
    assert 0.02 < verdicts["contradicts"] / verdicts.total() < 0.05


def test_a_trap_names_a_value_that_the_product_does_not_have(products):
    n_traps = 0
    for index, product in enumerate(products):
        traps = {
            capitalised(trap.replace("{other}", fact.other)): fact
            for fact in facts_of(draw_profile(index, SEED), SEED)
            for trap in fact.traps
        }
        for position, bullet in enumerate(product.bullets):
            if bullet in traps:
                fact = traps[bullet]
                assert fact.other not in {fact.value, *spellings(fact.value)}
                told = {(m.source, m.source_index) for m in product.mentions}
                assert ("bullet", position) not in told
                n_traps += 1
    assert 0.6 < n_traps / len(products) < 0.8


def test_many_a_value_stands_with_one_product_alone(products):
    values = Counter(
        (m.attribute, m.value)
        for p in products
        for m in {m.attribute: m for m in p.mentions}.values()
    )
    rare = {attribute for (attribute, _), n in values.items() if n == 1}
    assert {"power", "item weight", "number of cards", "designer"} <= rare
    assert 0.1 < sum(n == 1 for n in values.values()) / values.total() < 0.3


def test_units_are_spelt_in_more_than_one_way():
    assert spellings("15.6 inches") == ('15.6"', "15.6 inch")
    assert spellings("400 grams") == ("400g", "400 g", "400 gram")
    assert spellings("about 400 grams") == spellings("6 pockets") == ()


def test_titles_have_no_open_slot(products):
    assert not [product.title for product in products if "{" in product.title]


def test_sizes_are_as_promised_and_skewed(products):
    sizes = sorted(len(product.reviews) for product in products)
    assert 10 < sum(sizes) / len(sizes) < 14
    assert sizes[-1] > 4 * sizes[len(sizes) // 2]
    n_questions = sum(len(product.questions) for product in products)
    assert 2.2 < n_questions / len(products) < 3.8
    n_answers = sum(len(q.answers) for p in products for q in p.questions)
    assert 1.3 < n_answers / n_questions < 1.7
    unanswered = sum(not q.answers for p in products for q in p.questions)
    assert 0.15 < unanswered / n_questions < 0.35


def test_ratings_follow_the_words(products):
    warm = {text for group in phrases.POSITIVE for text in group}
    cold = {text for group in phrases.NEGATIVE for text in group}
    ratings = {True: [], False: []}
    for review in (review for product in products for review in product.reviews):
        texts = {sentence.text for sentence in review.sentences}
        if review.rating is not None and texts & (warm | cold):
            ratings[bool(texts & warm)].append(review.rating)
    averages = {is_warm: sum(r) / len(r) for is_warm, r in ratings.items()}
    assert averages[True] > averages[False] + 2


def test_one_review_in_fifty_lacks_its_reviewer_or_rating(products):
    reviews = [review for product in products for review in product.reviews]
    no_user = sum(review.user_id is None for review in reviews) / len(reviews)
    no_rating = sum(review.rating is None for review in reviews) / len(reviews)
    assert 0.005 < no_user < 0.02
    assert 0.005 < no_rating < 0.02


def test_users_recur_and_askers_review(products):
    reviews = Counter(r.user_id for p in products for r in p.reviews if r.user_id)
    assert sum(n > 1 for n in reviews.values()) > len(reviews) / 2
    askers = {q.user_id for p in products for q in p.questions}
    assert len(askers & set(reviews)) > 0.5 * len(askers)


def test_texts_repeat_across_products_and_records_are_sent_twice(products):
    owners = Counter(
        text
        for p in products
        for text in {s.text for r in p.reviews for s in r.sentences}
    )
    assert owners["Great product."] > 50
    repeated = [r.is_repeated for p in products for r in p.reviews]
    assert 0.005 < sum(repeated) / len(repeated) < 0.02


def test_askers_buy_what_has_the_value_they_asked_for(products):
    owner = {p.product_id: draw_profile(i, SEED) for i, p in enumerate(products)}
    kept = {True: 0, False: 0}
    for index, product in enumerate(products):
        profile = owner[product.product_id]
        for question in product.questions:
            wished = _wished(profile, question)
            if wished is None:
                continue
            position, wanted = wished
            for bought in _bought_by(product, question.user_id):
                other = draw_profile(index, SEED) if bought is None else owner[bought]
                aspect = other.domain.aspects[position]
                kept[aspect.satisfies(other.values[position], wanted)] += 1
    assert kept[True] > 4 * kept[False] > 0


def test_a_neighbour_is_a_smaller_index_of_the_same_domain():
    names = {draw_profile(i, SEED).product_id: i for i in range(400)}
    for index in range(360, 400):
        name = neighbour(index, SEED, aspect=0, wanted=1)
        assert name is not None
        assert names[name] < index
        assert names[name] % len(DOMAINS) == index % len(DOMAINS)
    assert neighbour(0, SEED, aspect=0, wanted=0) is None


def test_a_mistake_is_one_word_and_never_the_last():
    swapped = _Fixed([0.0, 0.6, 0.5, 0.0])
    assert misspelt(swapped, "The handle broke.") == "The hanlde broke."
    highest = _Fixed([0.0, 0.999, 0.5, 0.0])
    assert misspelt(highest, "The broken handle.") == "The broekn handle."
    assert misspelt(_Fixed([0.9]), "The handle broke.") == "The handle broke."


def test_names_keep_their_capital_after_an_opener():
    assert uncapitalised("I like it.") == "I like it."
    assert uncapitalised("USB is fine.") == "USB is fine."
    assert uncapitalised("Mine is fine.") == "mine is fine."


def _wished(profile, question):
    """Position and wanted value of a question that names what it wants."""
    for position, aspect in enumerate(profile.domain.aspects):
        for wanted, value in enumerate(aspect.values):
            texts = {
                text.replace("{want}", value.name)
                for group in aspect.wishes
                for text in group
            }
            if question.text in texts:
                return position, wanted
    return None


def _bought_by(product, user_id):
    """What an asker bought; a review of the product is no sign of the wish."""
    if any(review.user_id == user_id for review in product.reviews):
        return []
    return [p.product_id for p in product.purchases if p.user_id == user_id]


class _Fixed:
    """Random numbers that are written down."""

    def __init__(self, numbers):
        self._numbers = iter(numbers)

    def random(self):
        return next(self._numbers)
