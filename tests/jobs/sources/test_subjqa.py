"""Pairs of SubjQA."""

import csv
import gzip

import nltk
import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_answers import LabelledPair, read
from jobs.sources.subjqa import judged, located

COLUMNS = (
    "item_id",
    "domain",
    "question",
    "review_id",
    "review",
    "human_ans_spans",
    "human_ans_indices",
)
NONE = "ANSWERNOTFOUND"
REVIEW = "The lid sticks. It isn't heavy at all. My cat likes it. I use it daily."


@pytest.fixture(autouse=True)
def no_nltk_data(monkeypatch):
    monkeypatch.setattr(nltk.data, "path", [])


def marked(span, *, question="Is it heavy?", item="A", review=REVIEW, place=None):
    """A row of an annotator; the place is that of the span unless one is given."""
    whole = f"{review} {NONE}"
    begin = whole.find(span)
    return {
        "item_id": item,
        "domain": "kitchen",
        "question": question,
        "review_id": f"id of {review}",
        "review": whole,
        "human_ans_spans": span,
        "human_ans_indices": str(place or (begin, begin + len(span))),
    }


def table(tmp_path, *rows, columns=COLUMNS):
    path = tmp_path / "subjqa.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def grades(path):
    return {pair.sentence: pair.grade for pair in read([path], "subjqa")}


def test_the_sentences_that_a_mark_touches_are_positives(tmp_path):
    path = table(tmp_path, marked("heavy at all. My cat", item="B"))
    assert read([path], "subjqa") == [
        LabelledPair("B", "Is it heavy?", sentence, label, label, "review", "kitchen")
        for sentence, label in (
            ("The lid sticks.", 0),
            ("It isn't heavy at all.", 1),
            ("My cat likes it.", 1),
            ("I use it daily.", 0),
        )
    ]


def test_the_marker_is_no_sentence_and_no_answer(tmp_path, capsys):
    assert set(grades(table(tmp_path, marked(NONE))).items()) == {
        ("The lid sticks.", 0.0),
        ("It isn't heavy at all.", 0.0),
        ("My cat likes it.", 0.0),
        ("I use it daily.", 0.0),
    }
    slip = marked(f"My cat {NONE}", place=(39, 86))
    assert set(grades(table(tmp_path, slip)).values()) == {0.0}
    assert "nowhere" not in capsys.readouterr().err


def test_the_grade_is_the_share_of_the_annotators_of_a_review(tmp_path):
    path = table(
        tmp_path,
        marked("isn't heavy"),
        marked("It isn't heavy at all"),
        marked("lid"),
        marked(NONE),
        marked("lid", question="Is it good?"),
    )
    found = {(p.question, p.sentence): p.grade for p in read([path], "subjqa")}
    assert found["Is it heavy?", "It isn't heavy at all."] == 0.5
    assert found["Is it heavy?", "The lid sticks."] == 0.25
    assert found["Is it heavy?", "My cat likes it."] == 0
    assert found["Is it good?", "The lid sticks."] == 1
    assert len(found) == 8
    strict = read([path], "subjqa", positive_from=0.5)
    assert sum(pair.label for pair in strict) == 2


def test_a_sentence_of_two_reviews_stands_once_with_its_highest_grade(tmp_path):
    path = table(
        tmp_path,
        marked(NONE, review="Great pan. Sadly, no lid."),
        marked("Great", review="Buy it now. Great pan. "),
        marked(NONE, review="Great pan. Good."),
    )
    pairs = read([path], "subjqa")
    assert [(pair.sentence, pair.grade) for pair in pairs] == [
        ("Great pan.", 1.0),
        ("Sadly, no lid.", 0.0),
        ("Buy it now.", 0.0),
        ("Good.", 0.0),
    ]


def test_a_mark_is_searched_where_its_indices_do_not_point_at_it(tmp_path):
    found = grades(table(tmp_path, marked("cat likes", place=(0, 9))))
    assert {sentence for sentence, grade in found.items() if grade} == {
        "My cat likes it."
    }


def test_a_mark_that_is_nowhere_is_told_and_left_out(tmp_path, capsys):
    path = table(tmp_path, marked("the dog", place=(0, 7)), marked("lid"))
    assert grades(path)["The lid sticks."] == 0.5
    assert f"{path}: 1 marks are nowhere in their reviews" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("span", "place", "parts"),
    [
        ("It is n't heavy", (16, 30), ["It isn't heavy"]),
        ("It is n't heavy", (0, 5), ["It isn't heavy"]),
        ("sticks . It", (8, 18), ["sticks. It"]),
        ("lid", (3, 8), ["lid"]),
        ("it", (0, 3), ["it"]),
        ("isn't at all", (19, 37), ["isn't", "at all"]),
        ("lid cat likes it", (4, 54), ["lid", "cat likes it"]),
        ("cat lid", (4, 54), []),
        ("likes sticks", (4, 54), []),
        ("id", (0, 3), []),
        ("...", (0, 3), []),
        ("", (0, 0), []),
        ("lid", (900, 903), ["lid"]),
    ],
)
def test_marks_are_found_by_their_letters(span, place, parts):
    found = located(span, *place, REVIEW)
    assert [REVIEW[begin:end] for begin, end in found] == parts


def test_of_several_places_the_indices_choose_one():
    assert located("it", 52, 54, "it is as it is") == [(0, 2)]
    assert located("it", 9, 11, "it is as it is") == [(9, 11)]


def test_leading_white_space_moves_no_mark(tmp_path):
    review = f"\n\n   {REVIEW}"
    begin = review.rfind("it")
    found = grades(
        table(tmp_path, marked("it", review=review, place=(begin, begin + 2)))
    )
    assert [sentence for sentence, grade in found.items() if grade] == [
        "I use it daily."
    ]


def test_nltks_data_is_used_where_it_is(tmp_path, real_data, monkeypatch, capsys):
    path = table(tmp_path, marked(NONE, review="We met Mr. Smith. He cooks."))
    assert "We met Mr." in grades(path)
    assert "no punkt_tab data: trained on 1 own texts" in capsys.readouterr().err
    monkeypatch.setattr(nltk.data, "path", [str(real_data / "nltk_data")])
    assert set(grades(path)) == {"We met Mr. Smith.", "He cooks."}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"human_ans_indices": "12"}, "human_ans_indices '12', expected (begin, end)"),
        ({"human_ans_indices": "(-1, 2)"}, "human_ans_indices '(-1, 2)', expected"),
        ({"question": ""}, "question '', expected a text"),
    ],
)
def test_a_bad_row_is_named(tmp_path, change, told):
    path = table(tmp_path, marked("lid"), marked("lid") | change)
    with pytest.raises(SettingsError) as error:
        read([path], "subjqa")
    assert str(error.value).startswith(f"{path}:3: {told}")


def test_another_table_is_told(tmp_path):
    path = table(tmp_path, marked("lid"), columns=COLUMNS[:-1])
    with pytest.raises(SettingsError, match=r":1: no column \['human_ans_indices'\]"):
        read([path], "subjqa")


@pytest.mark.parametrize(
    ("name", "n_rows", "n_pairs"),
    [
        ("electronics-train", 2345, 1295),
        ("electronics-dev", 261, 255),
        ("grocery-dev", 228, 218),
        ("books-dev", 265, 256),
        ("movies-dev", 278, 261),
    ],
)
def test_the_real_set_has_the_rows_its_readme_tells(real_data, name, n_rows, n_pairs):
    path = str(real_data / "answers-subjqa" / f"{name}.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        found = judged(path, stream)
    assert len(found) == n_pairs
    assert sum(len(one.marks) for one in found) == n_rows


def test_the_real_marks_are_found_in_sentences(real_data, monkeypatch):
    monkeypatch.setattr(nltk.data, "path", [str(real_data / "nltk_data")])
    path = str(real_data / "answers-subjqa" / "electronics-train.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        marks = [one for pair in judged(path, stream) for one in pair.marks]
    # 946 are answered; 6 of them hold the marker too, 9 are nowhere.
    assert sum(map(bool, marks)) == 931
    pairs = read([path], "subjqa")
    keys = {(pair.product_id, pair.question, pair.sentence) for pair in pairs}
    assert len(keys) == len(pairs) == 15692  # regression pin
    assert sum(pair.label for pair in pairs) == 806  # regression pin
    assert not any(NONE in pair.sentence for pair in pairs)
