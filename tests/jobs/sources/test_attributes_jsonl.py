"""The project's own labelled values."""

import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_attributes import read
from jobs.sources.values import LabelledValue


def lines(tmp_path, *records):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(record) + "\n\n" for record in records))
    return str(path)


def row(**more):
    return {"context": "Red cap, red brim", "attribute": " Color ", **more}


def test_every_column_is_read_and_others_are_passed_over(tmp_path):
    record = row(value="red", begin=9, product_id=7, category="Caps", end=12, x=None)
    [found] = read([lines(tmp_path, record)], "jsonl")
    assert found == LabelledValue(
        "7", "Red cap, red brim", "Color", ("red",), ((9, 12),), "Caps"
    )


@pytest.mark.parametrize(
    ("more", "values", "spans"),
    [
        ({}, (), ()),
        ({"value": None}, (), ()),
        ({"value": "RED"}, ("RED",), ((0, 3),)),
        ({"value": "green"}, ("green",), ()),
        ({"value": None, "begin": 3}, (), ()),
    ],
)
def test_without_a_place_the_value_is_looked_for(tmp_path, more, values, spans):
    [found] = read([lines(tmp_path, row(**more))], "jsonl")
    assert (found.product_id, found.values, found.spans) == (
        "red cap, red brim",
        values,
        spans,
    )


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (row(value=" "), "value ' ', expected a text or null"),
        (row(value=3), "value 3, expected a text or null"),
        (row(value="red", begin="9"), "begin '9', expected a number"),
        (row(value="red", begin=0), "'Red' at 0 to 3, expected 'red'"),
        (row(value="brim", begin=14), "'rim' at 14 to 18, expected 'brim'"),
        (row(attribute=""), "attribute '', expected a text"),
        (row(context=" "), "context ' ', expected a text"),
        ([], "expected a JSON object"),
    ],
)
def test_a_bad_line_is_named(tmp_path, record, told):
    path = lines(tmp_path, row(), record)
    with pytest.raises(SettingsError) as error:
        read([path], "jsonl")
    assert str(error.value).startswith(f"{path}:3: {told}")
