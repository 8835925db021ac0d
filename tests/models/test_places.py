"""Where a text holds a value, however it spells it."""

import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attributes import places, spellings
from models.attributes.places import MAX_PIECES, places_of


def spelt(text, value):
    """The text's own spellings of a value."""
    return [text[begin:end] for begin, end in places_of(text, value)]


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("RED  wine, red-wine", "red wine", ["RED  wine", "red-wine"]),
        ("Red\nWine", "RED WINE", ["Red\nWine"]),
        ("AA Batteries, aa battery", "AA battery", ["AA Batteries", "aa battery"]),
        ("a Box of boxes", "box", ["Box", "boxes"]),
        ('12", 12 in. or 12-inch', "12 inches", ['12"', "12 in", "12-inch"]),
        ("12inches", "12 inches", ["12inches"]),
        ("12 inch", '12"', ["12 inch"]),
        ("1.5L, 1.50 liters", "1.5 l", ["1.5L", "1.50 liters"]),
        ("500g or 500 grams", "500 g", ["500g", "500 grams"]),
        ("16 fl. oz. of 16 fluid ounces", "16 fl oz", ["16 fl. oz", "16 fluid ounces"]),
        ("5' 3\" tall", "5 ft 3 in", ["5' 3\""]),
        ("1500 mAh", "1,500mAh", ["1500 mAh"]),
        ("two hours", "2 Hours", ["two hours"]),
        ("95%plastic, 5% metal", "95% plastic, 5% metal", ["95%plastic, 5% metal"]),
        ("LEGO® Star Wars", "lego star wars", ["LEGO® Star Wars"]),
        ("Dr. Brown's", "Dr Browns", ["Dr. Brown's"]),
        ("grey wool", "Gray", ["grey"]),
        ("salt & pepper", "Salt and Pepper", ["salt & pepper"]),
        ("model BC1206 here", "BC-1206", ["BC1206"]),
        ("Front load", "front_load", ["Front load"]),
        ("12 x 8 x 3 inches", "12 x 8 x 3 in", ["12 x 8 x 3 inches"]),
        ("in 12 in black", "in black", ["in black"]),
    ],
)  # fmt: skip
def test_a_value_is_found_in_other_spellings(text, value, found):
    assert spelt(text, value) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a cupboard, acup, cup2", "cup"),
        ("stainless, steel", "stainless steel"),
        ("red - wine glass", "red wine"),
        ("2.5 kg or 12,5 kg", "5 kg"),
        ("1/2 inch and 1-1/2 inch", "2 inch"),
        ("1 1/2 inch", "1/2 inch"),
        ("ages 1-3 years, 1 to 3 years", "3 years"),
        ("12 x 8 inches", "8 inches"),
        ("12 x 8 inches", "12"),
        ("this one", "1"),
        ("made in 12 parts", "12 inches"),
        ("the batteries", "batter"),
        ("any text", "..."),
        ("any text", ""),
        ("", "any"),
    ],
)
def test_a_part_of_a_word_or_number_is_no_place(text, value):
    assert places_of(text, value) == []


def test_places_do_not_overlap():
    assert places_of("go go go go go", "go go") == [(0, 5), (6, 11)]


def test_a_value_of_too_many_pieces_has_no_place():
    assert places_of("a " * 99, "a " * MAX_PIECES) == [(0, 2 * MAX_PIECES - 1)]
    assert places_of("a " * 99, "a " * (MAX_PIECES + 1)) == []


WORDS = st.sampled_from(
    [
        *(
            "red",
            "Wine",
            "ÉTÉ",
            "steel",
            "usb",
            "2.4",
            "1,500",
            "12",
            "x1",
            "R8",
            "ghz",
        ),
        *("inches", "cm", "fl", "oz", "boxes", "two", "Levi's", "&", "in", "sq"),
    ]
)
VALUES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
AROUND = st.lists(st.sampled_from(["made", "of", "Batteries", ",", "12", "1.5", "in."]))


@given(AROUND, VALUES, AROUND, st.sampled_from([str, str.upper, str.lower, str.title]))
def test_a_value_put_into_a_text_is_found_in_any_case(before, value, after, case):
    # A comma ends what stands before: "12 | 1/2 inch" would be one number.
    begin = len(" ".join([*before, ","])) + 1
    end = begin + len(value)
    found = places_of(case(" ".join([*before, ",", value, ",", *after])), value)
    assert any(first < end and last > begin for first, last in found)


@given(
    st.text("12x\"' -/.,inIN ½éß", max_size=30),
    st.text("12x\"' -/.,inN ½éß", max_size=9),
)
def test_places_lie_in_the_text_and_in_order(text, value):
    end = 0
    for first, last in places_of(text, value):
        assert end <= first < last <= len(text)
        assert text[first:last] == text[first:last].strip()
        end = last


@pytest.mark.parametrize(
    "piece", ["a ", "'", "1,", "-", ".", "a'", "1 x ", "x", "1/2 "]
)
def test_hostile_texts_take_time_linear_in_their_length(piece):
    def seconds(n):
        best = float("inf")
        for attempt in range(3):
            places._pieces.cache_clear()
            started = time.perf_counter()
            places_of(piece * n, f"{piece * (MAX_PIECES - 1)} b{attempt}")
            best = min(best, time.perf_counter() - started)
        return best

    # A quadratic search takes 64 times as long; other work on the machine some.
    assert seconds(16_000) < 30 * seconds(2_000) + 0.05


def test_the_examples_of_the_docstrings_are_true():
    for module, n_examples in ((places, 3), (spellings, 1)):
        done = doctest.testmod(module)
        assert (done.failed, done.attempted) == (0, n_examples)
