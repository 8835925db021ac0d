"""Pairs of ePQA."""

from collections import Counter

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_answers import LabelledPair, read

HEAD = "qid,question,ASIN,candidate,source,qa_pair_id,title,label,answer\n"


def table(tmp_path, *rows, head=HEAD):
    path = tmp_path / "epqa.csv"
    path.write_text(head + "\n".join(rows) + "\n")
    return str(path)


def test_full_answers_are_positives_and_helps_only_if_told(tmp_path):
    path = table(
        tmp_path,
        '1,is it red?,A,"no, blue",review,1,t,2,',
        "1,is it red?,A,has a colour,review,2,t,1,yes",
        "2,how long?,B,made of tin,cqa,3,t,0,",
    )
    assert read([path], "epqa") == [
        LabelledPair("A", "is it red?", "no, blue", 1, 1.0, "review"),
        LabelledPair("A", "is it red?", "has a colour", 0, 0.5, "review"),
        LabelledPair("B", "how long?", "made of tin", 0, 0.0, "cqa"),
    ]
    helps = read([path], "epqa", positive_from=1)
    assert [pair.label for pair in helps] == [1, 1, 0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1,q,A,c,review,1,t,3,", ":3: label '3', expected 0, 1 or 2"),
        ("1,q,A,c,review,1,t,,", ":3: label '', expected 0, 1 or 2"),
        ("1, ,A,c,review,1,t,2,", ":3: question ' ', expected a text"),
        ("1,q,A,,review,1,t,2,", ":3: candidate '', expected a text"),
        ("1,q,A,c", ":3: row cut, expected 9 cells"),
        ("1,q,A,c,review,1,t,2,,more", ":3: row cut, expected 9 cells"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, told):
    path = table(tmp_path, "1,q,A,c,review,1,t,2,", row)
    with pytest.raises(SettingsError) as error:
        read([path], "epqa")
    assert str(error.value) == path + told


def test_another_table_is_told(tmp_path):
    path = table(tmp_path, "q,A", head="question,ASIN\n")
    with pytest.raises(SettingsError, match=r":1: no column \['candidate', 'label'"):
        read([path], "epqa")


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
    # The source's 2,313 / 1,042 / 6,415 of 9,770, less what is kept apart: pins.
    assert Counter(pair.grade for pair in pairs) == {1.0: 1628, 0.5: 735, 0.0: 4437}
    assert sum(pair.label for pair in pairs) == 1628
