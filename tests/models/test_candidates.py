"""Rules and budgets, against values worked by hand."""

from functools import partial
from math import log, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import candidates
from models.candidates import Asked, Pool


def pool(*rows):
    return Pool(tuple(Asked(*row) for row in rows))


TWO = pool(
    ("p1", "red cable", ("red box", "red cable", "a sofa"), (0, 1, 0)),
    ("p2", "sofa", ("red sofa",), (1,)),
)


def test_shared_words_weigh_by_their_rarity_in_the_product():
    found = candidates.shared_rarity(TWO, str.split)
    red, cable = log1p(3 / 2), log1p(3 / 1)
    assert found == pytest.approx([red, red + cable, 0, log1p(1)], abs=1e-6)


def test_a_repeated_word_counts_once_in_the_rarity():
    asked = pool(("p", "red red", ("red red", "box"), (0, 0)))
    assert candidates.shared_rarity(asked, str.split)[0] == pytest.approx(
        log1p(2), abs=1e-6
    )


def test_bm25_in_the_product_is_that_of_the_equation():
    found = candidates.bm25_of_words(TWO, str.split, is_by_product=True)
    # p1: three texts of two words each, so the length is the mean; tf = 1.
    of_red, of_cable = log(1 + 1.5 / 2.5), log(1 + 2.5 / 1.5)
    gain = 2.2 / (1 + 1.2)
    expected = [of_red * gain, (of_red + of_cable) * gain, 0]
    assert found[:3] == pytest.approx(expected, abs=1e-6)


def test_bm25_of_stems_ranks_the_sentence_with_the_rarer_word_first():
    found = candidates.bm25(TWO, max_terms=10)
    assert found[1] > found[0] > found[2] == 0


def test_a_pair_counts_the_same_alone_and_among_others():
    alone = Pool(TWO.asked[:1])
    for rule in (
        candidates.shared_rarity,
        partial(candidates.bm25_of_words, is_by_product=True),
    ):
        assert rule(alone, str.split) == pytest.approx(rule(TWO, str.split)[:3])


def test_bm25_of_all_products_counts_their_sentences_together():
    found = candidates.bm25_of_words(TWO, str.split, is_by_product=False)
    # Four texts of two words; red is in three of them, sofa in two.
    of_red, of_sofa = log(1 + 1.5 / 3.5), log(1 + 2.5 / 2.5)
    assert found[[0, 3]] == pytest.approx([of_red, of_sofa], abs=1e-6)


def test_the_cosine_is_that_of_the_vectors():
    vectors = {
        "red cable": [1, 0],
        "red box": [0.6, 0.8],
        "red cable!": [1, 0],
    }
    asked = pool(("p", "red cable", ("red box", "red cable!"), (0, 1)))
    found = candidates.cosine(
        asked, {text: np.array(one) for text, one in vectors.items()}
    )
    assert found == pytest.approx([0.6, 1])


def test_scores_that_are_all_alike_add_nothing_to_the_sum():
    first = np.array([1.0, 2.0, 3.0, 7.0])
    found = candidates.sum_of_z(TWO, first, np.array([5.0, 5.0, 5.0, 5.0]))
    assert found == pytest.approx([-1.224745, 0, 1.224745, 0], abs=1e-6)


def test_equal_scores_are_ordered_by_a_hash_and_not_by_their_place():
    texts = tuple(f"text {number}" for number in range(20))
    forward = pool(("p", "q", texts, (0,) * 20))
    backward = pool(("p", "q", texts[::-1], (0,) * 20))
    same = np.zeros(20)
    first = candidates.places(forward, same)
    assert sorted(first) == list(range(20))
    assert list(first) != list(range(20))
    assert list(candidates.places(backward, same)[::-1]) == list(first)


def test_the_best_of_each_question_are_kept():
    scores = np.array([1.0, 3.0, 2.0, -5.0])
    place = candidates.places(TWO, scores)
    assert list(place) == [2, 0, 1, 0]
    assert list(candidates.best(TWO, place, 4)) == [True] * 4
    # Half of three and one pairs: one of the first question, one of the second.
    assert list(candidates.best(TWO, place, 2)) == [False, True, False, True]


def test_one_threshold_may_leave_a_question_nothing():
    scores = np.array([1.0, 3.0, 2.0, -5.0])
    assert list(candidates.above(TWO, scores, 2)) == [False, True, True, False]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.data())
def test_quotas_spend_the_budget_and_ask_no_question_for_more_than_it_has(sizes, data):
    budget = data.draw(st.integers(0, sum(sizes)))
    found = candidates.quotas(np.array(sizes), budget)
    assert found.sum() == budget
    share = budget / sum(sizes)
    for size, quota in zip(sizes, found, strict=True):
        assert 0 <= quota <= size
        assert abs(quota - share * size) < 1 + 1e-9


def test_the_difference_of_a_rule_to_itself_is_nothing():
    kept = np.array([True, False, True, False])
    found = candidates.difference(TWO, kept, kept, n_resamples=50, seed=1)
    assert found == (0, 0, 0)


def test_the_difference_is_that_of_the_recalls_inside_its_interval():
    none = np.zeros(4, dtype=bool)
    right = np.array([False, True, False, False])
    mean, low, high = candidates.difference(TWO, right, none, n_resamples=200, seed=1)
    assert mean == 0.5
    assert low == 0  # both draws may be the question that nothing was found of
    assert high == 1
