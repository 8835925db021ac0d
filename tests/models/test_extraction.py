"""Measures of values found against models.md 7.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.extraction import Counts, outcome, squad_normalised, total


@pytest.mark.parametrize(
    ("gold", "found", "expected"),
    [
        (["Red"], "red", Counts(right=1)),
        (["Rose  Gold", "Gold"], "gold", Counts(right=1)),
        (["Red"], "Red Wine", Counts(wrong=1)),
        ([], "Red", Counts(invented=1)),
        (["Red"], None, Counts(missed=1)),
        ([], None, Counts(silent=1)),
    ],
)
def test_an_example_becomes_one_of_five(gold, found, expected):
    assert outcome(gold, found) == expected


def test_an_empty_value_found_is_a_value():
    assert outcome([], "") == Counts(invented=1)


def test_squads_normalisation_forgives_more():
    assert outcome(["1.60-GHz"], "the 1.60GHz", squad_normalised).right
    assert not outcome(["1.60-GHz"], "the 1.60GHz").right


@given(
    st.lists(
        st.tuples(st.sampled_from([(), ("a",)]), st.sampled_from([None, "a", "b"]))
    )
)
def test_silence_is_no_hit(pairs):
    counts = total([outcome(gold, found) for gold, found in pairs])
    without = [pair for pair in pairs if pair != ((), None)]
    same = total([outcome(gold, found) for gold, found in without])
    assert counts.n == len(pairs)
    assert counts.measures == same.measures
    assert all(0 <= value <= 1 for value in counts.measures)
