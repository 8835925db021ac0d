"""Canonical forms of values."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attributes import measures, normal
from models.attributes.normal import normal_value
from models.attributes.spellings import UNITS


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2.4 GHz", "2,400 MHz", "2.4GHz"], "2400000000 hz"),
        (['12"', "12 in.", "12-Inch", "1 ft", "30.48 cm", "0.3048 Metres"], "30.48 cm"),
        (["12 x 8 inches", '12"L x 8"W', "12in. X 8in.", "1x⅔ft"], "30.48 x 20.32 cm"),
        (["1,500 mAh", "1.5 Ah", "1500mAh"], "1500 mah"),
        (["5 lbs", "5 Pounds", "80 oz", "80 ounces"], "2267.96 g"),
        (["110-120 V", "110 to 120 Volts", "110V - 120V"], "110 - 120 v"),
        (["5 ft 3 in", "5' 3\"", "63 inches", "5 feet and 3 inches"], "160.02 cm"),
        (['1 1/2"', "1½ inch", "1-1/2-inch", "1.5 in"], "3.81 cm"),
        (["3 years and up", "3+ years", "36 months +"], "26298 h +"),
        (["90 minutes", "1.5 hours", "1 hour 30 min", "1 h, 30 min"], "1.5 h"),
        (["-4 °F", "-20 °C", "-20℃"], "-20 °c"),
        (["16 fl. oz.", "16 Fluid Ounces", "2 cups", "1 pint"], "0.473176 l"),
        (["up to 5 lbs", "Up to 80 oz"], "up to 2267.96 g"),
        (["95%", "95 percent"], "95 %"),
        (["1000 pieces", "1,000-Piece", "1000 pcs"], "1000 piece"),
        (["2 to 4 players", "2-4 players", "two to four Players"], "2 - 4 players"),
        (["two", "2", "2.0"], "2"),
        (["Yes", "TRUE", "y", "(yes)"], "yes"),
        (["No", "false", "N"], "no"),
        (["Grey", "gray", " GRAY "], "gray"),
        (["Navy Blue", "navy", "navy-blue"], "navy"),
        (["Multicoloured", "multi-color", "Multi Colored"], "multicolor"),
        (["Red-Wine", "red  wine.", "red_wine", "“Red Wine”"], "red wine"),
        (["Wi-Fi®", "wi fi"], "wi fi"),
        (["Levi's", "LEVI’S"], "levis"),
        (["Black & White", "black and white"], "black and white"),
    ],
)  # fmt: skip
def test_values_that_say_the_same_have_one_form(values, form):
    assert {value: normal_value(value) for value in values} == dict.fromkeys(
        values, form
    )


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("5G", "5g"),  # a network, no grams
        ("One Size", "one size"),
        ("3 pin", "3 pin"),  # pint knows pico-inches
        ("12 in x 8", "12 in x 8"),
        ("120V/60Hz", "120v/60hz"),
        ("3 lb 2 ft", "3 lb 2 ft"),
        ("3 in 5 ft", "3 in 5 ft"),
        ("007", "007"),
        ("7861850250", "7861850250"),
        ("1:12", "1:12"),
        ("1/0 inch", "1/0 inch"),
    ],
)
def test_what_is_no_measure_keeps_its_words(value, form):
    assert normal_value(value) == form


@pytest.mark.parametrize("value", ["***", "™", "-", "()", "\u200b", '"'])
def test_a_value_of_signs_alone_has_a_form(value):
    assert normal_value(value)


def test_a_blank_value_has_an_empty_form():
    assert normal_value(" \t") == ""


@pytest.mark.parametrize("spelling", sorted(UNITS))
def test_every_unit_is_told_in_the_unit_of_its_kind(spelling):
    form = measures.told(f"3 {spelling}")
    assert form is not None
    assert form.endswith(f" {UNITS[spelling].told_in}")
    assert measures.told(form) == form
    glued = f"33{spelling.replace(' ', '')}"
    assert measures.told(glued) == measures.told(f"33 {spelling}")


PARTS = st.sampled_from(
    [
        *("12", "1.50", "1/2", "1,500", ".5", "-5", "0", "two", "x", " - ", " to "),
        *("up to ", "inches", "°F", "lb", "GB", "'", '"', "+", "and up", "by", "grey"),
        *(
            "colour",
            "&",
            "(",
            ")",
            ".",
            ",",
            "™",
            "½",
            "İ",
            "ß",
            "_",
            "multi",
            "players",
        ),
    ]
)


@given(st.lists(st.tuples(PARTS, st.sampled_from(["", " ", "-"])), max_size=7))
def test_the_form_of_a_form_is_itself(parts):
    value = "".join(part + between for part, between in parts)
    form = normal_value(value)
    assert normal_value(form) == form
    assert bool(form) == bool(value.strip())


@given(st.text(max_size=20))
def test_any_text_has_a_form(value):
    form = normal_value(value)
    assert normal_value(form) == form
    assert bool(form) == bool(value.strip())


def test_the_examples_of_the_docstrings_are_true():
    for module, n_examples in ((normal, 2), (measures, 2)):
        done = doctest.testmod(module)
        assert (done.failed, done.attempted) == (0, n_examples)
