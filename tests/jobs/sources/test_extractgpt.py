"""Products of ExtractGPT's files."""

import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_attributes import read
from jobs.sources.values import LabelledValue


def products(tmp_path, *records):
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def test_a_product_gives_a_row_an_attribute(tmp_path):
    record = {
        "input": " Blue Lure 20g ",
        "category": "Lure",
        "target_scores": {"Color": {"Blue": 1}, "Weight": {"n/a": 1}},
    }
    lure = "Blue Lure 20g"
    assert read([products(tmp_path, record)], "extractgpt") == [
        LabelledValue("blue lure 20g", lure, "Color", ("Blue",), ((0, 4),), "Lure"),
        LabelledValue("blue lure 20g", lure, "Weight", (), (), "Lure"),
    ]


def test_all_accepted_values_count_and_those_in_the_text_have_places(tmp_path):
    record = {
        "input": "Steel blade, oak grip",
        "target_scores": {"Material": {"oak": 1, "wood": 1, "steel": 1}},
    }
    [row] = read([products(tmp_path, record)], "extractgpt")
    assert row.values == ("oak", "wood", "steel")
    assert [row.context[begin:end] for begin, end in row.spans] == ["Steel", "oak"]


@pytest.mark.parametrize(
    ("description", "context"),
    [
        (" 2.0GHz chip", "Xeon E5335\n2.0GHz chip"),
        (None, "Xeon E5335"),
        ("  ", "Xeon E5335"),
    ],
)
def test_title_and_description_stand_on_a_line_each(tmp_path, description, context):
    record = {
        "id": 7230884,
        "category": "Computers",
        "input_title": "Xeon E5335",
        "input_description": description,
        "target_scores": {"Speed": {"2.0GHz": {"pid": [1], "score": 1}}},
    }
    [row] = read([products(tmp_path, record)], "wdc-pave")
    assert (row.product_id, row.context) == ("7230884", context)
    assert row.spans == (((11, 17),) if description and description.strip() else ())


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"input": "x"}, "target_scores None, expected an object"),
        ({"input": "x", "target_scores": {"A": "v"}}, "A: 'v', expected values with"),
        ({"input": " ", "target_scores": {}}, "input ' ', expected a text"),
        ({"target_scores": {}}, "input_title None, expected a text"),
    ],
)
def test_a_bad_record_is_named(tmp_path, record, told):
    good = {"input": "Blue Lure", "target_scores": {"Color": {"Blue": 1}}}
    path = products(tmp_path, good, record)
    with pytest.raises(SettingsError) as error:
        read([path], "extractgpt")
    assert str(error.value).startswith(f"{path}:2: {told}")


@pytest.mark.parametrize(
    ("name", "n", "n_none", "n_products", "n_attributes"),
    [
        ("attr-ae110k/extractgpt-train", 4358, 630, 1567, 50),
        ("attr-oamine/train", 7347, 0, 1450, 51),
        ("attr-wdc-pave/extract-train", 3256, 1885, 211, 51),
    ],
)
def test_the_real_sets_read(real_data, name, n, n_none, n_products, n_attributes):
    rows = read([str(real_data / f"{name}.jsonl.gz")], "extractgpt")  # regression pin
    assert len(rows) == n
    assert sum(not row.values for row in rows) == n_none
    assert len({row.product_id for row in rows}) == n_products
    assert len({row.attribute for row in rows}) == n_attributes
