"""From logits to probabilities and decisions."""

import numpy as np
import pytest
import torch

from models.calibration import PRECISIONS, Decision, decide
from models.metrics import measures


def drawn(slope=0.7, offset=-2.0, n=4000, seed=0):
    """Logits whose true probability is sigmoid(slope * logit + offset)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, n).astype(np.float32)
    truth = 1 / (1 + np.exp(-(slope * logits + offset)))
    return (rng.random(n) < truth).astype(int), logits


def test_the_scaling_finds_slope_and_offset():
    decision = decide(*drawn())
    assert decision.slope == pytest.approx(0.7, rel=0.1)
    assert decision.offset == pytest.approx(-2.0, rel=0.1)


def test_scaled_probabilities_have_the_rate_of_the_pairs_and_a_smaller_error():
    labels, logits = drawn()
    scores = decide(labels, logits).scores(logits)
    assert scores.dtype == np.float32
    assert scores.mean() == pytest.approx(labels.mean(), abs=1e-3)
    plain = Decision(0.5).scores(logits)
    errors = [
        measures(labels, found, 0.5)["expected_calibration_error"]
        for found in (plain, scores)
    ]
    assert errors[1] < 0.03 < 0.1 < errors[0]


def test_the_scaling_keeps_the_order():
    labels, logits = drawn(n=300)
    scores = decide(labels, logits).scores(logits)
    by_logit = scores[np.argsort(logits)]
    assert (np.diff(by_logit) >= 0).all()
    assert len(set(by_logit)) > 290


def test_a_score_is_the_formula():
    found = Decision(0.5, slope=2.0, offset=-1.0).scores(np.array([0.0, 0.5, 3.0]))
    expected = [1 / (1 + np.exp(1)), 0.5, 1 / (1 + np.exp(-5))]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_logits_worse_than_chance_are_left_as_they_are():
    labels, logits = drawn()
    decision = decide(labels, -logits)
    assert (decision.slope, decision.offset) == (1.0, 0.0)


def precision(labels, scores, threshold):
    return labels[scores >= threshold].mean()


def test_each_threshold_reaches_its_precision_and_is_the_lowest_that_does():
    labels, logits = drawn(n=800)
    decision = decide(labels, logits)
    scores = decision.scores(logits)
    assert len(decision.at_precision) > 5
    for wanted, threshold in decision.at_precision.items():
        assert precision(labels, scores, threshold) >= float(wanted)
        for lower in np.unique(scores[scores < threshold]):
            assert precision(labels, scores, lower) < float(wanted)
    thresholds = [decision.at_precision[f"{one:g}"] for one in PRECISIONS[:5]]
    assert thresholds == sorted(thresholds)


def test_equal_scores_share_a_threshold_and_unreached_precisions_are_missing():
    # The best logit holds 2 of 3, all of them 3 of 6.
    labels = np.array([1, 1, 0, 1, 0, 0])
    logits = np.array([2.0, 2.0, 2.0, -1.0, -1.0, -1.0])
    decision = decide(labels, logits)
    high, low = decision.scores(np.array([2.0, -1.0]))
    reached = decision.at_precision
    assert reached == {
        "0.5": pytest.approx(low),
        **{key: pytest.approx((high + low) / 2) for key in ("0.55", "0.6", "0.65")},
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_last_bits_of_a_score_change_no_decision(seed):
    """A scorer computes in fp32 what `Decision.scores` computes in fp64."""
    labels, logits = drawn(n=400, seed=seed)
    decision = decide(labels, logits)
    scores = decision.scores(logits)
    scaled = decision.slope * torch.from_numpy(logits) + decision.offset
    theirs = torch.sigmoid(scaled).numpy()
    assert (theirs != scores).any()
    for threshold in (decision.threshold, *decision.at_precision.values()):
        assert ((theirs >= threshold) == (scores >= threshold)).all()


def test_the_threshold_is_of_the_best_f1():
    labels, logits = drawn(n=100)
    decision = decide(labels, logits)
    scores = decision.scores(logits)
    best = max(measures(labels, scores, score)["f1"] for score in scores)
    assert measures(labels, scores, decision.threshold)["f1"] == best


def test_a_decision_is_written_as_a_model_folder_reads_it():
    decision = Decision(0.4, 2.0, -1.0, {"0.9": 0.8})
    assert decision.config() == {
        "threshold": 0.4,
        "calibration": [2.0, -1.0],
        "at_precision": {"0.9": 0.8},
    }
