"""Labelled values of every format: files, duplicates, conditions, parts; places."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.config import SettingsError
from jobs.sources.labelled_attributes import read, split
from jobs.sources.values import LabelledValue, located, with_places


def write(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def record(attribute="Color", value="red", **more):
    return {"context": "red cap", "attribute": attribute, "value": value, **more}


def test_files_may_be_gzip_and_what_stands_twice_is_read_once(tmp_path):
    plain = write(tmp_path / "a.jsonl", record(), record(), record(value=None))
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress((json.dumps(record()) + "\n").encode()))
    of_cap = "red cap", "red cap", "Color"
    assert read([plain, str(packed)], "jsonl") == [
        LabelledValue(*of_cap, ("red",), ((0, 3),)),
        LabelledValue(*of_cap, (), ()),
    ]


def test_where_keeps_the_rows_that_meet_all_conditions(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        record("Color", category="Caps"),
        record("Size", category="Caps"),
        record("Size", category="Shoes"),
    )
    kept = read([path], "jsonl", where=["attribute=Size", "category=Caps"])
    assert [(row.attribute, row.category) for row in kept] == [("Size", "Caps")]
    with pytest.raises(SettingsError, match="expected COLUMN=VALUE"):
        read([path], "jsonl", where=["nonsense=1"])


def test_a_missing_file_an_empty_one_and_no_json_are_told(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        read([str(tmp_path / "none")], "jsonl")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="empty: no labelled value, expected mave"):
        read([str(tmp_path / "empty")], "mave")
    (tmp_path / "bad").write_text('\n{"context"\n')
    for name in ("jsonl", "extractgpt", "mave", "squad"):
        with pytest.raises(SettingsError, match=r"bad:2: .*expected JSON"):
            read([str(tmp_path / "bad")], name)


def labelled(product, attribute, *values):
    return LabelledValue(product, f"text {product}", attribute, values, ())


ROWS = [
    labelled(f"p{number % 300}", f"a{number // 300}", "v") for number in range(1200)
]


def test_by_product_all_attributes_of_one_stand_in_one_part():
    parts = split(ROWS, shares=(0.2, 0.3), seed=1, by="product")
    products = [{row.product_id for row in part} for part in parts]
    assert sum(map(len, products)) == 300
    assert [round(len(one) / 300, 1) for one in products] == [0.2, 0.3, 0.5]
    assert sorted(map(str, ROWS)) == sorted(str(row) for part in parts for row in part)
    assert split(ROWS, shares=(0.2, 0.3), seed=1, by="product") == parts
    assert split(ROWS, shares=(0.2, 0.3), seed=2, by="product") != parts


def test_by_triple_a_product_stands_in_several_parts():
    parts = split(ROWS, shares=(0.2, 0.3), seed=1, by="triple")
    products = [{row.product_id for row in part} for part in parts]
    assert len(products[0] & products[2]) > 50
    assert [round(len(part) / 1200, 1) for part in parts] == [0.2, 0.3, 0.5]


@pytest.mark.parametrize(
    ("context", "value", "found"),
    [
        ("Rose  gold ring", "rose GOLD", "Rose  gold"),
        ("Marigold, gold", "gold", "gold"),
        ("A 1.5-inch tip", "1.5", "1.5"),
        ("Size 11.5 or 1.5", "1.5", "1.5"),
        ("Gold (18K)", "(18k)", "(18K)"),
        ("a+b", "a.b", None),
        ("Gold", " ", None),
        ("", "gold", None),
    ],
)
def test_a_value_is_found_between_borders_of_words(context, value, found):
    span = located(context, value)
    assert (span and context[slice(*span)]) == found


def test_a_value_inside_a_word_counts_only_where_there_is_no_better_place():
    assert located("goldfish", "gold") == (0, 4)
    assert located("goldfish of gold", "gold") == (12, 16)


def test_places_stand_in_the_order_of_the_text():
    context = "steel and oak"
    assert with_places(context, ("oak", "glass", "steel")) == ((0, 5), (10, 13))


TEXT = st.text("aB .-", min_size=1, max_size=8)


@given(before=TEXT, value=TEXT.filter(str.strip), after=TEXT)
def test_what_is_in_a_text_is_found_with_its_words(before, value, after):
    context = before + value + after
    span = located(context, value)
    assert span is not None
    assert context[slice(*span)].lower().split() == value.lower().split()
