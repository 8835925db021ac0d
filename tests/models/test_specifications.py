"""The shop's specifications as landed, and what is left of them."""

import csv
import doctest
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attributes import specifications
from models.attributes.specifications import specified

# Every form that real ones have; the words are our own.
FLATTENED = (
    "Technical Details Brand Acme Item Weight181 g Product Dimensions27.4 x 13 x 2.8 cm"
    " Manufacturer recommended age:6 years and up Batteries Required?No Batteries"
    " Included?No Material Type(s)Wood, felt Color:dark blue Colors of the rainbow"
    " Target genderUnisex \xa0\xa0 Additional Information ASINB012345678 Best Sellers"
    " Rank 732,670 in Toys (See top 100) Shipping Weight181 g Date First Available26"
    " Mar. 2014 \xa0\xa0 Feedback \xa0Would you like to tell us more?"
)


def test_names_are_normal_and_values_are_the_shops_own():
    landed = {"Brand Name": " Acme  & Co ", "item_weight": "9.6 Ounces", "Color": "RED"}
    assert specified(landed) == {
        "brand name": "Acme & Co",
        "color": "RED",
        "item weight": "9.6 Ounces",
    }


def test_a_flattened_table_is_cut_at_the_names_that_it_uses():
    assert specified({"details": FLATTENED}) == {
        "batteries included": "No",
        "batteries required": "No",
        "brand name": "Acme",
        "color": "dark blue Colors of the rainbow",
        "item weight": "181 g",
        "manufacturer recommended age": "6 years and up",
        "material": "Wood, felt",
        "product dimensions": "27.4 x 13 x 2.8 cm",
        "target gender": "Unisex",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Colour: red\nCapacity: 2 l",
        "Colour: red; Capacity = 2 l; in stock",
        "Colour : red | Capacity: 2 l",
        "Colour: red, Capacity: 2 l",
        '{"Colour": "red", "Capacity": {"value": 2, "unit": "l"}}',
        '[{"name": "Colour", "value": "red"}, {"name": "Capacity", "value": "2 l"}]',
        '{"Details": {"Colour": ["red"], "Capacity": "2 l"}}',
    ],
)
def test_names_and_values_in_one_text_are_taken_apart(text):
    assert specified({"Product Information": text}) == {
        "capacity": "2 l",
        "color": "red",
    }


def test_a_nested_name_says_what_it_is_of():
    battery = json.dumps({"Capacity": {"Value": 1500, "Units": "mAh"}, "Spare": True})
    assert specified({"Battery": battery}) == {
        "battery capacity": "1500 mAh",
        "battery spare": "Yes",
    }


def test_a_colon_in_a_plain_value_splits_nothing():
    assert specified({"Scale": "Ratio: 1:12"}) == {"scale": "Ratio: 1:12"}


def test_of_two_names_for_one_attribute_the_nearer_one_counts_in_any_order():
    landed = {"Brand": "a", "Brand Name": "b", "Colour": "x", "Color Name": "y"}
    backwards = dict(reversed(landed.items()))
    assert specified(landed) == specified(backwards)
    assert specified(landed) == {"brand name": "b", "color": "x"}
    assert specified({"Model": "p", "Model Info": "q"}) == {"item model number": "p"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASIN", "B00009W3HF"),
        ("Style", "B00009W3HF"),
        ("Code", "7312600012345"),
        ("Best Sellers Rank", "#1 in Toys"),
        ("Released", "26 Mar. 2014"),
        ("Released", "November 19, 2008"),
        ("Released", "2014-03-26"),
        ("Manual", "https://example.com/a"),
        ("Warning", "Click here for more"),
        ("Color", "N/A"),
        ("Color", "Not-Applicable"),
        ("Color", "  "),
        ("Color", None),
        ("Unit Count", "count"),
        ("Item Weight", "0.2"),
        ("Product Dimensions", "6.7 x 5"),
        ("Note", "word " * 11),
        ("Note", "w" * 61),
    ],
)
def test_what_says_nothing_of_the_product_is_left_out(name, value):
    assert specified({name: value, "Size": "M"}) == {"size": "M"}


def test_a_number_that_is_no_measure_stays():
    landed = {"Number of Pieces": "500", "Model Year": "2014", "Item Weight": "2 lb"}
    assert specified(landed) == {
        "item weight": "2 lb",
        "model year": "2014",
        "number of pieces": "500",
    }


def test_marks_that_nobody_sees_are_no_part_of_a_value():
    assert specified({"Color": "\u200ered\u200f\x07 wine"}) == {"color": "red wine"}
    assert specified({"Color": "red\twine\nred"}) == {"color": "red wine red"}


def test_half_a_pair_of_an_escape_is_no_part_of_a_value():
    details = '{"Co\\ud800lour": {"value": "\\udc00red"}}'
    found = specified({"details": details})
    assert list(found.values()) == ["red"]
    assert str(found).encode()


@pytest.mark.parametrize(
    "value",
    ['{"a": ', "[" * 100_000, '{"a":' * 100_000, "[1, [2], null]", '{"a": NaN}'],
)
def test_broken_or_hostile_json_stops_nothing(value):
    assert specified({"details": value, "Size": "M"})["size"] == "M"


@given(
    st.dictionaries(
        st.sampled_from(["details", "Color", "colour", "Size", "?"]),
        st.text('ab:;\n{}[]",1 \xa0Color', max_size=40)
        | st.text(max_size=20).map(lambda text: json.dumps({"Size": text}))
        | st.just(FLATTENED),
    )
)
def test_any_entries_give_names_and_values_of_one_line(entries):
    for name, value in specified(entries).items():
        assert f"{name}{value}".encode()
        assert name
        assert value == " ".join(value.split()) != ""


def test_real_flattened_tables_leave_no_name_in_a_value(real_data):
    path = real_data / "catalogue-toys-uk" / "products-863.csv.gz"
    csv.field_size_limit(1 << 30)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        found = [
            specified({"details": row["product_information"]})
            for row in csv.DictReader(lines)
        ]
    values = [value for product in found for value in product.values()]
    assert len(values) > 5_000
    # "No Batteries Included?No": a name that nobody knows is in the value before it.
    assert sum("?" in value for value in values) == 0
    assert sum(bool(product) for product in found) > 800


def test_the_examples_of_the_docstrings_are_true():
    done = doctest.testmod(specifications)
    assert (done.failed, done.attempted) == (0, 2)
