"""Ranks, recall and hits, ties and all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ranking import best_first, joined, ranks


def test_ranks_by_hand():
    scores = np.array([[0.9, 0.5, 0.1], [0.2, 0.8, 0.5]])
    found = ranks(scores, [[1], [0, 2]])
    assert found.reciprocal.tolist() == [1 / 2, 1 / 2]  # second; second and third
    assert found.recall.tolist() == [[0, 1], [0, 1]]
    assert found.hit.tolist() == [[0, 1], [0, 1]]
    assert found.measures() == {
        "mrr": 0.5,
        "recall_at_1": 0.0,
        "hit_at_1": 0.0,
        "recall_at_5": 1.0,
        "hit_at_5": 1.0,
    }


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="1 scores are no numbers"):
        ranks(np.array([[0.1, np.nan], [0.1, np.inf]]), [[0], [0]])


def test_a_perfect_ranker_has_a_mean_reciprocal_rank_of_one():
    found = ranks(np.eye(6), [[place] for place in range(6)])
    assert found.measures() == {
        "mrr": 1.0,
        "recall_at_1": 1.0,
        "hit_at_1": 1.0,
        "recall_at_5": 1.0,
        "hit_at_5": 1.0,
    }


def test_equal_scores_are_worth_chance():
    found = ranks(np.zeros((1, 20)), [[3, 4]])
    assert found.reciprocal[0] == pytest.approx(1 / 10.5)
    assert found.recall[0].tolist() == [1 / 20, 5 / 20]
    # Of 190 pairs of places 105 have none among the first five.
    assert found.hit[0] == pytest.approx([2 / 20, 1 - 105 / 190])


def test_set_recall_divides_by_all_right_ones_and_a_hit_needs_one():
    scores = np.array([[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]])
    found = ranks(scores, [[0, 5]])
    assert found.recall[0].tolist() == [0.5, 0.5]
    assert found.hit[0].tolist() == [1.0, 1.0]


def test_blocks_are_joined_in_order():
    scores = np.array([[1.0, 0.0], [1.0, 0.0]])
    whole = ranks(scores, [[0], [1]])
    parts = joined([ranks(scores[:1], [[0]]), ranks(scores[1:], [[1]])])
    assert parts.reciprocal.tolist() == whole.reciprocal.tolist() == [1.0, 0.5]


@given(
    scores=st.lists(
        st.lists(st.integers(0, 4), min_size=7, max_size=7), min_size=1, max_size=4
    ),
    k=st.integers(0, 9),
)
def test_the_best_are_those_of_a_full_sort_ties_included(scores, k):
    table = np.array(scores, dtype=np.float32)
    found = best_first(table, k)
    for row, places in zip(scores, found.tolist(), strict=True):
        order = sorted(range(7), key=lambda place: (-row[place], place))
        assert places == order[:k]
