"""Questions for attributes in SQuAD's form."""

import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_attributes import read
from jobs.sources.values import LabelledValue

TITLE = "Sony Camera (12 MP, 3x zoom, 12 MP sensor)"


def questions(tmp_path, *records):
    path = tmp_path / "qa.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def asked(answer=None, **more):
    record = {
        "id": "B1",
        "category": "Cameras",
        "context": TITLE,
        "question": "What is the Screen Size of the Camera?",
        "answer": answer or {"text": [], "answer_start": []},
    }
    return {**record, **more}


def test_the_attribute_is_what_the_question_asks_for(tmp_path):
    twice = {"text": ["12 MP", "12 MP"], "answer_start": [29, 13]}
    path = questions(
        tmp_path,
        asked(),
        asked(twice, question="what is the Resolution of the Digital Camera?"),
        asked(question="Is it waterproof?"),
    )
    of_row = TITLE.lower(), TITLE
    places = (13, 18), (29, 34)
    assert read([path], "squad") == [
        LabelledValue(*of_row, "Screen Size", (), (), "Cameras"),
        LabelledValue(*of_row, "Resolution", ("12 MP",), places, "Cameras"),
        LabelledValue(*of_row, "Is it waterproof?", (), (), "Cameras"),
    ]


def test_answers_is_another_name_and_places_count_every_character(tmp_path):
    record = asked(context="  3x zoom")
    record["answers"] = {"text": ["3x"], "answer_start": [2]}
    del record["answer"]
    [row] = read([questions(tmp_path, record)], "squad")
    assert (row.context, row.spans) == ("  3x zoom", ((2, 4),))


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            asked({"text": ["12 mp"], "answer_start": [13]}),
            "'12 MP' at 13 to 18, expected '12 mp'",
        ),
        (
            asked({"text": ["Sony"], "answer_start": [-4]}),
            "'' at -4 to 0, expected 'Sony'",
        ),
        (asked({"text": ["Sony"], "answer_start": []}), "answer {'text': ['Sony'], "),
        (asked({"text": ["Sony"]}), "answer {'text': ['Sony']}, expected text and"),
        (asked(context=""), "context '', expected a text"),
        (asked(question=" "), "question ' ', expected a text"),
    ],
)
def test_a_bad_line_is_named(tmp_path, record, told):
    path = questions(tmp_path, asked(), record)
    with pytest.raises(SettingsError) as error:
        read([path], "squad")
    assert str(error.value).startswith(f"{path}:2: {told}")


def test_every_answer_of_the_real_set_is_where_it_is_said_to_be(real_data):
    folder = real_data / "attr-mave"
    counts = {}
    for name in ("qa-eval-positives", "qa-eval-negatives"):
        rows = read([str(folder / f"{name}.jsonl.gz")], "squad")
        counts[name] = len(rows), sum(bool(row.spans) for row in rows)
    # The README counts 3,685 and 3,897: some products share a title.
    assert counts == {
        "qa-eval-positives": (3683, 3683),
        "qa-eval-negatives": (3893, 0),
    }
