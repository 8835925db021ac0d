"""Normal names of attributes."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attributes import names
from models.attributes.names import attribute_name


@pytest.mark.parametrize(
    ("raws", "normal"),
    [
        (["Color", "Colour:", "color_name", " COLOR  map "], "color"),
        (["Brand", "Brand Name"], "brand name"),
        (["Item Dimensions", "item_dimensions"], "product dimensions"),
        (["itemWeight", "ItemWeight", "Item Weight"], "item weight"),
        (["Batteries Required?", "batteries_required"], "batteries required"),
        (["Main Language(s)"], "main language"),
        (["Model Number", "Item model number"], "item model number"),
        (["Manufacturer's Limit", "Manufacturer’s limit"], "manufacturers limit"),
        (["Shut-Off"], "shut-off"),
        (["Größe"], "größe"),
    ],
)
def test_spellings_of_a_name_have_one_normal_name(raws, normal):
    assert {attribute_name(raw) for raw in raws} == {normal}


@pytest.mark.parametrize(
    "raw",
    [
        "ASIN",
        "UPC",
        "ISBN-13 / EAN",
        "Best Sellers Rank",
        "Customer Reviews",
        "Date First Available",
        "Original Release Date",
        "Shipping Weight",
        "Product URL",
        "California residents",
        "123",
        "?",
        "",
        "what you should know before you buy it",
        "a" * 51,
    ],
)
def test_what_no_text_can_be_asked_for_has_no_name(raw):
    assert attribute_name(raw) == ""


def test_a_word_that_only_contains_a_refused_one_is_asked_for():
    assert attribute_name("Crank Length") == "crank length"


@given(st.text(max_size=30))
def test_a_normal_name_is_its_own(raw):
    name = attribute_name(raw)
    assert attribute_name(name) == name
    assert name == name.strip().lower()


def test_the_examples_of_the_docstrings_are_true():
    done = doctest.testmod(names)
    assert (done.failed, done.attempted) == (0, 3)
