"""The difference of two methods on the same examples."""

import numpy as np

from jobs.paired import (
    differences,
    hashed,
    keep_predictions,
    paired,
    predictions_of,
    table_of_differences,
)


def accuracy(one):
    def weigh(weights):
        total = weights.sum()
        return float((weights * one["right"]).sum() / total) if total else None

    return weigh


def predictions(right, n_groups):
    right = np.array(right)
    return {"right": right, "product": np.arange(len(right)) % n_groups}


def test_a_better_method_is_ahead_and_none_is_ahead_of_itself():
    rng = np.random.default_rng(0)
    good = predictions(rng.random(400) < 0.8, 200)
    bad = predictions(rng.random(400) < 0.4, 200)
    options = {"groups": "product", "n_resamples": 100}
    mean, low, high = paired([(good, bad)], accuracy, **options)
    assert mean == (good["right"].mean() - bad["right"].mean())
    assert 0 < low < mean < high
    assert paired([(good, good)], accuracy, **options) == (0.0, 0.0, 0.0)


def test_a_group_is_drawn_as_one():
    """Of two groups either may be drawn alone: the interval spans both."""
    better = predictions([1, 0] * 50, 2)
    worse = predictions([0, 1] * 50, 2)
    mean, low, high = paired(
        [(better, worse)], accuracy, groups="product", n_resamples=100
    )
    assert (mean, low, high) == (0.0, -1.0, 1.0)


def test_a_draw_without_a_score_does_not_count():
    def scored(one):
        return lambda weights: None if weights[0] == 0 else accuracy(one)(weights)

    first, second = predictions([1, 1], 2), predictions([0, 0], 2)
    runs = [(first, second)]
    _, low, _ = paired(runs, scored, groups="product", n_resamples=50)
    assert low == 0.0  # of draws without the first group
    assert paired(runs, accuracy, groups="product", n_resamples=50) == (1.0, 1.0, 1.0)


def test_only_seeds_of_both_are_compared(tmp_path):
    rows = []
    for method, seed, right in (
        ("own", 1, [1, 1, 1, 0]),
        ("own", 2, [1, 1, 0, 0]),
        ("other", 1, [1, 0, 0, 0]),
        ("lonely", 3, [1, 1, 1, 1]),
    ):
        keep_predictions(tmp_path, f"{method}{seed}", **predictions(right, 4))
        rows.append({"key": f"{method}{seed}", "method": method, "seed": seed})
    [found] = differences(
        rows, "own", tmp_path, accuracy, groups="product", n_resamples=20
    )
    assert (found["method"], found["seeds"], found["difference"]) == ("other", [1], 0.5)
    assert found["low"] <= 0.5 <= found["high"]
    first, _, row, _ = table_of_differences([found])
    assert first == "| less | seeds | difference | 95 % interval |"
    assert row.startswith("| other | 1 | +0.500 | +")


def test_predictions_come_back_as_they_were_kept(tmp_path):
    ids = hashed(["a", "b", "a"])
    assert ids.dtype == np.uint64
    assert (ids[0] == ids[2], ids[0] == ids[1]) == (True, False)
    keep_predictions(tmp_path, "k", ids=ids, right=np.array([True, False, True]))
    found = predictions_of({"key": "k"}, tmp_path)
    np.testing.assert_array_equal(found["ids"], ids)
    np.testing.assert_array_equal(found["right"], [True, False, True])
