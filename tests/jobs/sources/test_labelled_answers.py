"""All labelled formats: labels from grades, conditions, and the parts of a set."""

import gzip
import json

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_answers import FORMATS, LabelledPair, read, rule, split


def write(path, *records):
    path.write_text("\n".join(json.dumps(record) for record in records) + "\n\n")
    return str(path)


def graded(tmp_path, *grades):
    records = [
        {"question": "Q?", "sentence": f"S{i}.", "grade": grade}
        for i, grade in enumerate(grades)
    ]
    return write(tmp_path / "graded.jsonl", *records)


def test_files_may_be_gzip_or_not(tmp_path):
    record = {"question": "Q?", "sentence": "S.", "label": 1, "product_id": "p"}
    plain = write(tmp_path / "a.jsonl", record)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress((json.dumps(record) + "\n").encode()))
    pairs = read([plain, str(packed)], "jsonl")
    assert pairs == [LabelledPair("p", "Q?", "S.", 1, 1.0)] * 2


def test_a_missing_file_and_an_empty_one_are_told(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        read([str(tmp_path / "none")], "jsonl")
    (tmp_path / "empty").write_text("")
    with pytest.raises(SettingsError, match="no labelled pair"):
        read([str(tmp_path / "empty")], "jsonl")


def test_where_keeps_the_pairs_that_meet_all_conditions(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        {"question": "Q", "sentence": "a", "label": 1, "source": "review"},
        {"question": "Q", "sentence": "b", "label": 0, "source": "review"},
        {"question": "Q", "sentence": "c", "label": 1, "source": "bullet"},
    )
    kept = read([path], "jsonl", where=["source=review", "label=1"])
    assert [pair.sentence for pair in kept] == ["a"]
    with pytest.raises(SettingsError, match="expected COLUMN=VALUE"):
        read([path], "jsonl", where=["nonsense=1"])


def test_a_grade_at_the_border_is_a_positive(tmp_path):
    path = graded(tmp_path, 0.25, 0.49, 0.5, 1)
    pairs = read([path], "jsonl")
    assert [pair.label for pair in pairs] == [0, 0, 1, 1]
    assert [pair.grade for pair in pairs] == [0.25, 0.49, 0.5, 1.0]
    moved = read([path], "jsonl", positive_from=0.25)
    assert [pair.label for pair in moved] == [1, 1, 1, 1]
    assert [pair.grade for pair in moved] == [pair.grade for pair in pairs]


@pytest.mark.parametrize("lowest", [0, -1, 1.5, float("nan")])
def test_a_border_that_no_grade_can_meet_or_miss_is_told(tmp_path, lowest):
    path = graded(tmp_path, 0.5)
    for ask in (
        lambda: read([path], "jsonl", positive_from=lowest),
        lambda: rule("jsonl", lowest),
    ):
        with pytest.raises(SettingsError) as error:
            ask()
        assert str(error.value).startswith(f"--positive-from {lowest:g}: expected")
        assert "at most 1, jsonl's highest grade" in str(error.value)


def test_every_format_names_its_rule():
    assert {name: rule(name) for name in FORMATS} == {
        "jsonl": "jsonl: grade >= 0.5",
        "epqa": "epqa: grade >= 2",
        "ecml-pqa": "ecml-pqa: mean of three scores >= 1.5",
        "hetpqa": "hetpqa: grade >= 1",
        "subjqa": "subjqa: share of annotators who marked it >= 0.01",
    }
    assert rule("ecml-pqa", 2) == "ecml-pqa: mean of three scores >= 2"


def pair(product_id, question, sentence="s"):
    return LabelledPair(product_id, question, sentence, 0, 0.0)


@pytest.mark.parametrize("by", ["question", "product"])
def test_what_is_split_by_stands_in_one_part_and_the_shares_hold(by):
    pairs = [pair(f"p{i % 400}", f"q{i % 400}", f"s{i}") for i in range(1200)]
    parts = split(pairs, shares=(0.2, 0.3), seed=1, by=by)
    name = {"question": "question", "product": "product_id"}[by]
    keys = [{getattr(one, name) for one in part} for part in parts]
    assert sorted(one.sentence for part in parts for one in part) == sorted(
        one.sentence for one in pairs
    )
    assert not keys[0] & keys[1]
    assert not (keys[0] | keys[1]) & keys[2]
    assert [round(len(one) / 400, 1) for one in keys] == [0.2, 0.3, 0.5]
    assert split(pairs, shares=(0.2, 0.3), seed=1, by=by) == parts
    assert split(pairs, shares=(0.2, 0.3), seed=2, by=by) != parts


def test_a_question_of_many_products_stands_in_one_part_whatever_its_case():
    texts = ["How big is it?", " how  BIG is\tit? "]
    pairs = [pair(f"p{i}", texts[i % 2]) for i in range(50)]
    parts = split(pairs, shares=(0.3, 0.3), seed=1, by="question")
    assert sorted(map(len, parts)) == [0, 0, 50]


def test_by_product_a_question_may_stand_in_several_parts():
    pairs = [pair(f"p{i}", "How big is it?") for i in range(50)]
    parts = split(pairs, shares=(0.3, 0.3), seed=1, by="product")
    assert all(parts)


def test_a_split_by_product_wants_products():
    with pytest.raises(SettingsError, match=r"split_by: 'product', expected question"):
        split([pair("", "q")], shares=(0.5,), seed=1, by="product")
