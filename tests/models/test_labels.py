"""Labels of one product from what its shop specifies."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.attributes import labels
from models.attributes.labels import labelled

TEXTS = [
    ("title", "p", "Acme Kettle, Stainless-Steel, 1.5L"),
    ("bullet", "p#0", "Body of stainless steel, lid of stainless steel"),
    ("bullet", "p#1", "Holds 1.5 liters"),
    ("description", "p#0", "Boils fast."),
]


def seen(found):
    return [(one.source, one.source_id, one.attribute, one.value) for one in found]


def test_every_text_with_the_value_is_labelled_at_its_first_place():
    found = labelled(TEXTS, {"material": "Stainless Steel"}, n_negatives=0)
    assert [(one.source_id, one.span) for one in found] == [
        ("p", (13, 28)),
        ("p#0", (8, 23)),
    ]
    assert [one.value for one in found] == ["Stainless-Steel", "stainless steel"]
    assert {one.specified for one in found} == {"Stainless Steel"}


def test_texts_without_the_value_are_drawn_for_those_that_have_it():
    asked = {"capacity": "1.5 l", "material": "stainless steel"}
    counts = [
        sum(one.value is None for one in labelled(TEXTS, asked, n_negatives=n))
        for n in (0, 1, 2)
    ]
    assert counts == [0, 4, 4]  # 4 texts of 2 attributes: 4 have it and 4 have not
    few = labelled(TEXTS, {"capacity": "1.5 l", "brand name": "Acme"}, n_negatives=1)
    assert sum(one.value is None for one in few) == 3


def test_the_draw_depends_on_nothing_but_the_product():
    asked = {"capacity": "1.5 l", "brand name": "Acme", "color": "red", "scent": "rose"}
    found = labelled(TEXTS, asked, n_negatives=1)
    again = labelled(TEXTS, dict(reversed(asked.items())), n_negatives=1)
    assert seen(found) == seen(again)
    others = [(source, f"q{name[1:]}", text) for source, name, text in TEXTS]
    drawn = {one.source_id[1:] for one in labelled(others, asked, n_negatives=1)}
    assert len(drawn) > 1


def test_what_is_in_no_text_is_told_once_by_the_first_text():
    asked = {"batteries required": "No", "brand name": "Acme", "color": "red"}
    found = labelled(TEXTS, asked, n_negatives=0)
    assert seen(found) == [
        ("title", "p", "batteries required", None),
        ("title", "p", "brand name", "Acme"),
        ("title", "p", "color", None),
    ]
    assert [one.specified for one in found] == ["No", "Acme", "red"]


def test_of_a_product_without_a_title_the_first_text_tells_it():
    texts = [("title", "p", " "), *TEXTS[1:]]
    found = labelled(texts, {"color": "red"}, n_negatives=3)
    assert seen(found) == [("bullet", "p#0", "color", None)]


@pytest.mark.parametrize("texts", [[], [("title", "p", "")]])
def test_a_product_without_texts_has_no_label(texts):
    assert labelled(texts, {"color": "red"}, n_negatives=1) == []


def test_yes_and_no_are_never_looked_for():
    texts = [("title", "p", "No batteries required: no")]
    found = labelled(texts, {"batteries required": "No"}, n_negatives=1)
    assert seen(found) == [("title", "p", "batteries required", None)]
    assert [one.is_example for one in found] == [False]


@pytest.mark.parametrize(
    ("text", "attribute", "value", "expected"),
    [
        ("Puzzle of 500 Pieces", "number of puzzle pieces", "500", "500"),
        ("Pieces: 500", "number of pieces", "500.0", "500"),
        ("Shirt, size M, M and M", "size", "M", "M"),
        ("500 ways to play", "number of pieces", "500", None),
        ("Mustard by M", "size", "M", None),
        ("Item number 3", "number of items", "3", None),
    ],
)
def test_a_bare_number_or_letter_counts_beside_the_name_alone(
    text, attribute, value, expected
):
    found = labelled([("title", "p", text)], {attribute: value}, n_negatives=0)
    assert [one.value for one in found] == [expected]


def test_a_text_with_an_unnamed_number_is_no_example():
    texts = [
        ("title", "p", "Puzzle of 500 Pieces"),
        ("bullet", "p#0", "500 ways to play"),
        ("bullet", "p#1", "For the family"),
    ]
    found = labelled(texts, {"number of pieces": "500"}, n_negatives=9)
    assert seen(found) == [
        ("title", "p", "number of pieces", "500"),
        ("bullet", "p#1", "number of pieces", None),
    ]
    unnamed = labelled(texts[1:], {"number of pieces": "500"}, n_negatives=9)
    assert seen(unnamed) == [("bullet", "p#1", "number of pieces", None)]
    assert all(one.is_example for one in [*found, *unnamed])
    (alone,) = labelled(texts[1:2], {"number of pieces": "500"}, n_negatives=9)
    assert (alone.source_id, alone.value, alone.is_example) == ("p#0", None, False)


WORDS = st.lists(
    st.sampled_from(["red", "Blue", "2 l", "500", "no", "mug"]), max_size=6
)


@given(
    st.lists(WORDS.map(" ".join), max_size=4),
    st.dictionaries(
        st.sampled_from(["color", "capacity", "number of mugs", "lid"]),
        st.sampled_from(["red", "2 liters", "500", "No"]),
    ),
    st.integers(0, 3),
)
def test_labels_hold_what_they_say(words, asked, n_negatives):
    texts = [("bullet", f"p#{place}", text) for place, text in enumerate(words)]
    found = labelled(texts, asked, n_negatives=n_negatives)
    keys = [(one.source_id, one.attribute) for one in found]
    assert len(set(keys)) == len(keys)
    is_read = any(text.strip() for text in words)
    assert {one.attribute for one in found} == (set(asked) if is_read else set())
    for one in found:
        assert (one.source, one.source_id, one.context) in texts
        assert one.specified == asked[one.attribute]
        if one.span is not None:
            begin, end = one.span
            assert one.value == one.context[begin:end] != ""
    n_found = sum(one.span is not None for one in found)
    n_told = len(
        {one.attribute for one in found} - {o.attribute for o in found if o.span}
    )
    assert len(found) - n_found <= max(n_told, n_negatives * n_found)


def test_the_examples_of_the_docstrings_are_true():
    done = doctest.testmod(labels)
    assert (done.failed, done.attempted) == (0, 3)


@given(st.lists(st.text(max_size=30), max_size=3), st.text(max_size=12))
def test_any_texts_and_values_can_be_labelled(texts, value):
    asked = [("bullet", f"p#{place}", text) for place, text in enumerate(texts)]
    # The value itself stands in the first text.
    asked += [("title", "p", f"a {value} b")]
    for one in labelled(asked, {"size": value}, n_negatives=2):
        assert one.value is None or one.context[slice(*one.span)] == one.value
        assert one.value is None or one.is_example
