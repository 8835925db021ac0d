"""Whether a value and the shop's own say the same."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attributes import agreement
from models.attributes.agreement import agree


@pytest.mark.parametrize(
    ("specified", "is_same"),
    [
        ("MATTE RED", True),  # the same canonical form
        ("red", True),  # a part
        ("Red, matte finish", True),  # the whole and more
        ("reds", True),  # in the plural
        ("blue", False),
        ("red and blue", False),
        ("matt", False),  # no word of it
        ("-", False),  # no word at all
        ("not matte red", False),
        ("non-matte red", False),
    ],
)
def test_words_agree_where_one_says_all_of_the_other(specified, is_same):
    assert agree("matte red", specified) == is_same


@pytest.mark.parametrize(
    ("found", "specified", "is_same"),
    [
        ("5 l", "0.5 l", False),
        ("5 l", "1,5 l", False),
        ("5 l", "5 l, cold", True),
        ("5", "5 lb", True),  # the shop left the unit out
        ('12"', "12 cm", False),
        ('12"', "30.5 cm", True),  # of 30.48
        ('12"', "31 cm", False),
        ("181 g", "6.4 oz", True),
        ("5 kg", "5 cm", False),
        ("10 inch", "10 x 12 inch", False),
        ("10 x 12 in", "12 x 10 in", True),
        ("10 x 12 in", "12 x 12 in", False),
        ("115 v", "110-120 V", True),
        ("220 v", "110-120 V", False),
        ("10 cm", "5 - 20 x 30 cm", False),
        ("-5 °C", "5 °C", False),
        ("500 pieces", "500", True),
    ],
)
def test_measures_agree_where_their_sizes_do(found, specified, is_same):
    assert agree(found, specified) == is_same
    assert agree(specified, found) == is_same


@pytest.mark.parametrize(
    ("found", "specified", "is_same"),
    [
        ("20-3132-48B", "20313248b", True),
        ("HC_12-5F-BB.9", "hc125fbb9", True),
        ("AB-1234-5.6", "AB12345.6", True),
        ("AB1234.56", "AB123456", False),
        ("1000/2000NPT", "10002000NPT", False),
        ("1-2people", "12people", False),
        ("20-3132", "203132", False),  # numbers alone: perhaps a range
        ("1000-2000 persons", "10002000 persons", False),
        ("AB-1234-1", "AB-1234-2", False),
    ],
)
def test_codes_agree_without_their_marks(found, specified, is_same):
    assert agree(found, specified) == is_same
    assert agree(specified, found) == is_same


@given(st.text(max_size=15), st.text(max_size=15))
def test_any_two_values_can_be_held_together(one, other):
    assert agree(one, other) == agree(other, one)
    assert agree(one, one)


def test_the_examples_of_the_docstrings_are_true():
    done = doctest.testmod(agreement)
    assert (done.failed, done.attempted) == (0, 2)
