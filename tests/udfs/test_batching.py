"""Budgets, out of memory, failures, one load a process."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.batching import (
    Failure,
    NotANumberError,
    device_name,
    given_device,
    in_budget,
    load_once,
    refuse_nan,
)

LENGTHS = st.lists(st.integers(1, 30), min_size=0, max_size=60)


def gathered(results, n):
    found = [None] * n
    for places, values in results.batches:
        for place, value in zip(places, values, strict=True):
            found[place] = value
    return found


@given(LENGTHS, st.integers(1, 100))
def test_every_input_gets_its_own_result_within_the_budget(lengths, budget):
    batches = []

    def work(places):
        batches.append(places)
        return [lengths[place] * 2 for place in places]

    results = in_budget(np.array(lengths, dtype=np.int64), budget, work)
    assert gathered(results, len(lengths)) == [length * 2 for length in lengths]
    assert sorted(p for places in batches for p in places) == list(range(len(lengths)))
    for places in batches:
        cost = len(places) * max(lengths[place] for place in places)
        assert cost <= budget or len(places) == 1


def test_a_batch_of_two_columns_costs_both_longest():
    sizes = np.array([[2, 9], [2, 1], [3, 5]])
    batches = []
    in_budget(sizes, 20, lambda places: batches.append(places.tolist()))
    assert all(
        len(b) * (sizes[b, 0].max() + sizes[b, 1].max()) <= 20 or len(b) == 1
        for b in batches
    )
    assert sorted(place for places in batches for place in places) == [0, 1, 2]


def test_out_of_memory_halves_the_budget_and_loses_nothing():
    lengths = np.full(16, 10)
    sizes = []

    def work(places):
        sizes.append(len(places))
        if len(places) * 10 > 40:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return places.tolist()

    results = in_budget(lengths, 120, work)
    assert gathered(results, 16) == list(range(16))
    assert results.failures == {}
    assert results.budget <= 60
    # After the first surprise no batch is as large as the one that failed.
    assert max(sizes[1:]) < sizes[0]


def test_memory_of_a_failed_batch_is_free_before_it_is_tried_in_halves():
    held = []

    class Tensor:
        def __init__(self):
            held.append(self)

        def __del__(self):
            freed.append(1)

    freed, free_at = [], []

    def work(places):
        free_at.append(len(freed))
        batch = Tensor()
        held.clear()
        if len(places) > 2:
            raise RuntimeError("CUDA out of memory", id(batch))
        return places.tolist()

    in_budget(np.full(8, 10), 80, work)
    # Whatever was tried before holds nothing when the next batch begins.
    assert free_at == list(range(len(free_at)))


@pytest.mark.parametrize(
    ("visible", "address", "device"),
    [
        (None, None, "cuda:0"),
        (None, "2", "cuda:2"),
        ("0,1,2,3", "3", "cuda:3"),
        ("4, 6", "6", "cuda:1"),
        ("6", "0", "cuda:0"),
        ("4,6", None, "cuda:0"),
    ],
)
def test_a_task_works_on_the_gpu_it_was_given(monkeypatch, visible, address, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("udfs.batching._task_gpu", lambda: address)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert device_name() == device
    # What is little work takes no GPU that Spark did not give.
    assert given_device() == ("cpu" if address is None else device)


def test_an_input_too_large_alone_is_a_failure_and_the_others_are_not():
    lengths = np.array([1, 50, 2])

    def work(places):
        if lengths[places].max() > 40:
            raise RuntimeError("out of memory")
        return places.tolist()

    results = in_budget(lengths, 100, work)
    assert set(results.failures) == {1}
    assert results.failures[1] == Failure("RuntimeError", "out of memory")
    assert gathered(results, 3) == [0, None, 2]


@given(st.sets(st.integers(0, 19)))
def test_poisoned_inputs_fail_alone(poison):
    def work(places):
        if poison & set(places.tolist()):
            raise KeyError("poison")
        return places.tolist()

    results = in_budget(np.ones(20, dtype=np.int64), 7, work)
    assert set(results.failures) == poison
    expected = [None if place in poison else place for place in range(20)]
    assert gathered(results, 20) == expected


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(NotANumberError):
        refuse_nan(np.array([0.5, np.nan]))
    assert refuse_nan(np.array([0.5])).tolist() == [0.5]


def test_a_model_is_loaded_once_for_each_key():
    loads = []

    def load():
        loads.append(1)
        return object()

    first = load_once(("test", "a"), load)
    assert load_once(("test", "a"), load) is first
    assert load_once(("test", "b"), load) is not first
    assert len(loads) == 2
