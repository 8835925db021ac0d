"""Binary measures against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import average_precision, best_threshold, measures

PAIRS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=1, max_size=40
)


def test_the_counts_of_a_small_case():
    labels = np.array([1, 1, 0, 0, 1])
    scores = np.array([0.9, 0.4, 0.8, 0.1, 0.5])
    found = measures(labels, scores, 0.5)
    assert (found["n_right"], found["n_predicted"], found["n_positive"]) == (2, 3, 3)
    assert found["precision"] == found["recall"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx(2 / 3)
    # Ranked 1 0 1 1 0: precision 1, 2/3 and 3/4 at the three positives.
    assert found["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_undefined_measures_are_zero():
    found = measures(np.array([0, 0]), np.array([0.1, 0.2]), 0.5)
    assert (found["precision"], found["recall"], found["f1"]) == (0, 0, 0)
    assert found["average_precision"] == 0


def test_equal_scores_are_one_point():
    assert average_precision(np.array([1, 0, 0, 1]), np.zeros(4)) == 0.5


@given(PAIRS)
def test_no_threshold_is_better_than_the_best(pairs):
    labels = np.array([label for label, _ in pairs])
    scores = np.array([score / 8 for _, score in pairs], dtype=np.float32)
    best = measures(labels, scores, best_threshold(labels, scores))["f1"]
    assert best >= max(measures(labels, scores, score)["f1"] for score in scores) - 1e-9
