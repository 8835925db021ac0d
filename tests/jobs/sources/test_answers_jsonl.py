"""The project's own labelled lines."""

import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_answers import LabelledPair, read


def lines(tmp_path, *records):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(record) + "\n\n" for record in records))
    return [str(path)]


def test_every_column_is_read_and_others_are_passed_over(tmp_path):
    record = {"question": " Q? ", "sentence": "S.", "label": 1, "product_id": 7}
    more = {"source": "review", "domain": "toys", "rating": 5}
    assert read(lines(tmp_path, record | more), "jsonl") == [
        LabelledPair("7", "Q?", "S.", 1, 1.0, "review", "toys")
    ]


@pytest.mark.parametrize(
    ("judged", "grade", "label"),
    [
        ({"label": 0}, 0.0, 0),
        ({"label": 1}, 1.0, 1),
        ({"label": True}, 1.0, 1),
        ({"grade": 0.75}, 0.75, 1),
        ({"grade": 0}, 0.0, 0),
        ({"grade": 0.25, "label": 1}, 0.25, 0),
        ({"grade": None, "label": 1}, 1.0, 1),
    ],
)
def test_a_grade_goes_before_a_label(tmp_path, judged, grade, label):
    record = {"question": "Q?", "sentence": "S."} | judged
    [pair] = read(lines(tmp_path, record), "jsonl")
    assert (pair.grade, pair.label) == (grade, label)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"question": "Q", "sentence": "S"}', "label None, expected 0 or 1"),
        ('{"question": "Q", "sentence": "S", "label": 2}', "label 2, expected 0 or 1"),
        ('{"question": "Q", "sentence": "S", "label": 1.0}', "label 1.0, expected"),
        ('{"question": "Q", "sentence": "S", "label": [1]}', "label [1], expected"),
        (
            '{"question": "Q", "sentence": "S", "label": "1", "grade": 1}',
            "label '1', expected 0 or 1",
        ),
        ('{"question": "Q", "sentence": "S", "grade": 1.5}', "grade 1.5, expected a"),
        ('{"question": "Q", "sentence": "S", "grade": NaN}', "grade nan, expected a"),
        ('{"question": "Q", "sentence": "S", "grade": true}', "grade True, expected a"),
        ('{"question": " ", "sentence": "S", "label": 1}', "question ' ', expected a"),
        ('{"question": "Q", "sentence": 3, "label": 1}', "sentence 3, expected a text"),
        ("[1]", "expected a JSON object"),
        ("{", "expected JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, told):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"question": "Q", "sentence": "S", "label": 1}\n\n' + line)
    with pytest.raises(SettingsError) as error:
        read([str(path)], "jsonl")
    assert str(error.value).startswith(f"{path}:3: ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)
