"""Binary measures against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from models.metrics import (
    Ranking,
    average_precision,
    best_threshold,
    expected_calibration_error,
    measures,
    paired_bootstrap,
    reliability,
)

PAIRS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=1, max_size=40
)


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_a_ranking_weighs_as_scikit_learn_does(seed, n):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    scores = rng.integers(0, 5, n) / 4  # many are alike
    weights = rng.integers(0, 3, n)
    found = Ranking(labels, scores).average_precision(weights)
    if not (weights * labels).any():
        assert found is None
    else:
        expected = average_precision_score(labels, scores, sample_weight=weights)
        assert found == pytest.approx(expected)


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


LABELS = np.array([0, 1, 1, 1, 0])
SCORES = np.array([0.02, 0.08, 0.75, 1.0, 0.91])


def test_a_reliability_diagram_has_the_bins_that_hold_a_pair():
    # [0, 0.1): 0.02 and 0.08; [0.7, 0.8): 0.75; [0.9, 1]: 0.91 and 1.
    expected = [(2 / 5, 0.05, 0.5), (1 / 5, 0.75, 1.0), (2 / 5, 0.955, 0.5)]
    found = [tuple(row.values()) for row in reliability(LABELS, SCORES)]
    assert found == [pytest.approx(row) for row in expected]
    assert [*reliability(LABELS, SCORES)[0]] == ["share", "score", "positive"]


def test_the_calibration_error_weighs_the_bins_by_their_pairs():
    expected = 2 / 5 * 0.45 + 1 / 5 * 0.25 + 2 / 5 * 0.455
    assert expected_calibration_error(LABELS, SCORES) == pytest.approx(expected)
    found = measures(LABELS, SCORES, 0.5)["expected_calibration_error"]
    assert found == pytest.approx(expected)
    # One bin: mean score 0.552 against 3 of 5.
    one = expected_calibration_error(LABELS, SCORES, n_bins=1)
    assert one == pytest.approx(0.6 - 0.552)


def test_probabilities_that_are_always_right_have_no_calibration_error():
    assert expected_calibration_error(LABELS, LABELS.astype(float)) == 0
    nothing = np.array([])
    assert expected_calibration_error(nothing, nothing) == 0


def test_a_bootstrap_draws_groups_for_both_methods_alike():
    gains = np.array([1.0, 0.0, 1.0, 0.0, 1.0])

    def mean(weights):
        return float((gains * weights).sum() / weights.sum())

    middle, low, high = paired_bootstrap(5, mean, n_resamples=2000, seed=3)
    assert middle == 0.6
    # Five coins of 3/5: none in 1.0 %, at most one in 8.7 %, all in 7.8 % of draws.
    assert (low, high) == (0.2, 1.0)
    assert paired_bootstrap(5, lambda _: 0.0, n_resamples=9) == (0.0, 0.0, 0.0)
