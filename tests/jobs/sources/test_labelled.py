"""Readers of labelled pairs."""

import gzip
import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled import LabelledPair, read, split_by_question


def write(path, *records):
    path.write_text("\n".join(json.dumps(record) for record in records) + "\n\n")
    return str(path)


def test_the_projects_own_lines_gzip_or_not(tmp_path):
    record = {"question": "Q?", "sentence": "S.", "label": 1, "product_id": "p"}
    plain = write(tmp_path / "a.jsonl", record)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress((json.dumps(record) + "\n").encode()))
    pairs = read([plain, str(packed)], "jsonl")
    assert pairs == [LabelledPair("p", "Q?", "S.", 1)] * 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"question": "Q", "sentence": "S"}', ":1: label None, expected 0 or 1"),
        ('{"question": "Q", "sentence": "S", "label": 2}', "label 2, expected 0 or 1"),
        ('{"question": " ", "sentence": "S", "label": 1}', "question ' ', expected"),
        ('{"question": "Q", "sentence": 3, "label": 1}', "sentence 3, expected a text"),
        ("[1]", "expected a JSON object"),
        ("{", "expected JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, told):
    path = tmp_path / "bad.jsonl"
    path.write_text(line)
    with pytest.raises(SettingsError) as error:
        read([str(path)], "jsonl")
    assert told in str(error.value)
    assert "bad.jsonl:1" in str(error.value)


def test_a_missing_file_and_an_empty_one_are_told(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        read([str(tmp_path / "none")], "jsonl")
    (tmp_path / "empty").write_text("")
    with pytest.raises(SettingsError, match="no labelled pair"):
        read([str(tmp_path / "empty")], "jsonl")


def test_epqa_grades_become_labels_and_where_keeps_a_part(tmp_path):
    path = tmp_path / "epqa.csv"
    head = "qid,question,ASIN,candidate,source,qa_pair_id,title,label,answer\n"
    rows = [
        '1,q?,A,"x, y",review,1,t,2,',
        "1,q?,A,half,review,1,t,1,",
        "2,q,B,z,cqa,1,t,0,",
    ]
    path.write_text(head + "\n".join(rows))
    assert [pair.label for pair in read([str(path)], "epqa")] == [1, 0, 0]
    kept = read([str(path)], "epqa", where=["source=review"])
    assert [pair.sentence for pair in kept] == ["x, y", "half"]
    with pytest.raises(SettingsError, match="expected COLUMN=VALUE"):
        read([str(path)], "epqa", where=["nonsense=1"])


def test_the_real_set_has_the_rows_its_readme_tells(real_data):
    pairs = read([str(real_data / "answers-epqa" / "dev.csv.gz")], "epqa")
    assert len(pairs) == 6800
    assert {pair.source for pair in pairs} == {
        "attribute",
        "bullet",
        "cqa",
        "description",
        "review",
    }


def test_no_question_stands_in_two_parts_and_the_shares_hold():
    pairs = [
        LabelledPair(f"p{i % 400}", f"q{i % 400}", f"s{i}", 0) for i in range(1200)
    ]
    parts = split_by_question(pairs, shares=(0.2, 0.3), seed=1)
    questions = [{pair.question for pair in part} for part in parts]
    assert sum(len(part) for part in parts) == 1200
    assert not questions[0] & questions[1]
    assert not (questions[0] | questions[1]) & questions[2]
    assert [round(len(one) / 400, 1) for one in questions] == [0.2, 0.3, 0.5]
    assert split_by_question(pairs, shares=(0.2, 0.3), seed=1) == parts
    assert split_by_question(pairs, shares=(0.2, 0.3), seed=2) != parts
