"""Pairs of hetPQA."""

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_answers import LabelledPair, read

HEAD = "qid\tASIN\tqa_pair_id\tquestion\tcandidate\tlabel\tsource\tconfidence\n"


def table(tmp_path, *rows):
    path = tmp_path / "evidence.tsv"
    path.write_text(HEAD + "".join("\t".join(row) + "\n" for row in rows))
    return str(path)


def test_cells_are_quoted_as_in_csv(tmp_path):
    path = table(
        tmp_path,
        ("1", "A", "1", "what size?", '"width: ""2 in"""', "1", "attribute", "high"),
        ("1", "A", "2", "what size?", '"two\nlines"', "0", "Desc", "mid"),
    )
    assert read([path], "hetpqa") == [
        LabelledPair("A", "what size?", 'width: "2 in"', 1, 1.0, "attribute"),
        LabelledPair("A", "what size?", "two\nlines", 0, 0.0, "Desc"),
    ]


def test_a_bad_row_is_named(tmp_path):
    good = ("1", "A", "1", "q", "c", "1", "CQA", "high")
    path = table(tmp_path, good, (*good[:5], "2", "CQA", "high"))
    with pytest.raises(SettingsError) as error:
        read([path], "hetpqa")
    assert str(error.value) == f"{path}:3: label '2', expected 0 or 1"
    cut = table(tmp_path, good, good[:4])
    with pytest.raises(SettingsError, match=r":3: row cut, expected 8 cells"):
        read([cut], "hetpqa")


def test_the_real_set_has_the_rows_its_readme_tells(real_data):
    path = real_data / "answers-hetpqa" / "evidence_ranking-dev.tsv.gz"
    pairs = read([str(path)], "hetpqa")
    assert len(pairs) == 2731
    assert len({(pair.product_id, pair.question) for pair in pairs}) == 509
    assert sum(pair.label for pair in pairs) == 648  # regression pin
    assert {pair.source for pair in pairs} == {
        "OSP",
        "bullet",
        "Desc",
        "attribute",
        "CQA",
        "review",
    }
