"""Spans in MAVE's format."""

import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_attributes import read, split
from jobs.sources.values import LabelledValue


def spans(tmp_path, *records):
    path = tmp_path / "spans.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def evidence(value, begin, pid=0):
    return {"value": value, "pid": pid, "begin": begin, "end": begin + len(value)}


def asked(key, *evidences, title="iBook G4 (1.2-GHz, 1.2-GHz bus)", **more):
    attributes = [{"key": key, "evidences": list(evidences)}]
    return {"title": title, "attributes": attributes, "category": "Laptops", **more}


def test_a_title_has_all_its_places_and_none_where_there_is_no_value(tmp_path):
    path = spans(
        tmp_path,
        asked("Speed", evidence("1.2-GHz", 19), evidence("1.2-GHz", 10), id="B1"),
        asked("Weight", id="B1"),
    )
    title = "iBook G4 (1.2-GHz, 1.2-GHz bus)"
    of_speed = ("1.2-GHz",), ((10, 17), (19, 26))
    assert read([path], "mave") == [
        LabelledValue(title.lower(), title, "Speed", *of_speed, "Laptops"),
        LabelledValue(title.lower(), title, "Weight", (), (), "Laptops"),
    ]


def test_places_move_with_their_paragraph(tmp_path):
    record = {
        "paragraphs": [{"text": " Cart "}, {"text": "Holds 10 cu. ft., black"}],
        "attributes": [
            {"key": "Volume", "evidences": [evidence("10 cu. ft.", 6, pid=1)]},
            {"key": "Colour", "evidences": [evidence("black", 18, pid=1)]},
        ],
    }
    rows = read([spans(tmp_path, record)], "mave")
    assert [row.context for row in rows] == [" Cart \nHolds 10 cu. ft., black"] * 2
    assert [
        (row.attribute, [row.context[begin:end] for begin, end in row.spans])
        for row in rows
    ] == [("Volume", ["10 cu. ft."]), ("Colour", ["black"])]


@pytest.mark.parametrize(("value", "places"), [("IBOOK", ((0, 5),)), ("PowerBook", ())])
def test_a_value_the_set_did_not_find_is_looked_for(tmp_path, value, places):
    lost = {"value": value, "pid": -1, "begin": -1, "end": -1}
    [row] = read([spans(tmp_path, asked("Line", lost))], "mave")
    assert (row.values, row.spans) == ((value,), places)


def test_lines_of_one_product_stay_in_one_part_whatever_their_ids(tmp_path):
    records = [
        asked(key, title=f"Laptop {number % 40}", id=str(number))
        for number, key in enumerate(["Speed", "Weight", "Brand"] * 40)
    ]
    rows = read([spans(tmp_path, *records)], "mave")
    assert len(rows) == 120
    parts = split(rows, shares=(0.3, 0.3), seed=1, by="product")
    titles = [{row.context for row in part} for part in parts]
    assert all(titles)
    assert sum(map(len, titles)) == 40


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            asked("Speed", {**evidence("1.2-GHz", 10), "begin": 9}),
            "'(1.2-GHz' at 9 to 17, expected '1.2-GHz'",
        ),
        (
            asked("Speed", evidence("1.2-GHz", 900)),
            "'' at 900 to 907, expected '1.2-GHz'",
        ),
        (asked("Speed", evidence("1.2-GHz", 10, pid=3)), "pid 3, expected one of 1 te"),
        (asked("Speed", {"value": "x"}), "KeyError('pid'), expected key and evide"),
        (asked("Speed", "x"), "TypeError("),
        (asked("Speed", evidence("x", 0), title=" "), "title ' ', expected a text"),
        ({"title": "x", "attributes": {}}, "attributes {}, expected a list"),
        ({"title": "x", "attributes": ["Speed"]}, "TypeError("),
        ({"paragraphs": [], "attributes": []}, "paragraphs [], expected a list"),
        ({"paragraphs": [{}], "attributes": []}, "a paragraph without text, expected"),
    ],
)
def test_a_bad_line_is_named(tmp_path, record, told):
    path = spans(tmp_path, asked("Speed"), record)
    with pytest.raises(SettingsError) as error:
        read([path], "mave")
    assert str(error.value).startswith(f"{path}:2: {told}")


@pytest.mark.parametrize(
    ("names", "n", "n_none", "n_products", "n_lost"),
    [
        (
            ("mave/spans-eval-positives", "mave/spans-eval-negatives"),
            8781,
            5098,
            2210,
            0,
        ),
        (
            (
                "wdc-pave/spans-train-positives",
                "wdc-pave/spans-validation-positives",
                "wdc-pave/spans-validation-negatives",
            ),
            7896,
            949,
            1066,
            16,
        ),
    ],
)
def test_the_real_sets_read(real_data, names, n, n_none, n_products, n_lost):
    rows = read([str(real_data / f"attr-{name}.jsonl.gz") for name in names], "mave")
    assert len(rows) == n  # regression pins
    assert sum(not row.values for row in rows) == n_none
    assert len({row.product_id for row in rows}) == n_products
    assert sum(bool(row.values) and not row.spans for row in rows) == n_lost
