"""Pairs of the ECML-PKDD 2020 set."""

from collections import Counter

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_answers import LabelledPair, read

HEAD = "asin\tquestion\tanswer\tcategory\timUrl\treviews\tannotation_score\n"


def table(tmp_path, *rows):
    path = tmp_path / "annotated.txt"
    lines = (f"A\t  is it loud? \tno\tTools\turl\t{r}\t{s}\n" for r, s in rows)
    path.write_text(HEAD + "".join(lines))
    return str(path)


def test_a_sentences_grade_is_the_mean_of_its_scores(tmp_path):
    path = table(
        tmp_path,
        ("['hums.', \"it's calm.\"]", "[[0, 1, 3], [3, 3, 3]]"),
        ('"[""so, quiet."", \'bang!\']"', "[[1, 2, 2], [0, 0, 0]]"),
    )
    pairs = read([path], "ecml-pqa")
    assert [(pair.sentence, pair.label) for pair in pairs] == [
        ("hums.", 0),
        ("it's calm.", 1),
        ("so, quiet.", 1),
        ("bang!", 0),
    ]
    assert [pair.grade for pair in pairs] == pytest.approx([4 / 9, 1, 5 / 9, 0])
    assert pairs[1] == LabelledPair(
        "A", "is it loud?", "it's calm.", 1, 1.0, "review", "Tools"
    )


def test_the_rule_is_a_setting(tmp_path):
    path = table(tmp_path, ("['a', 'b', 'c']", "[[0, 1, 1], [1, 1, 1], [3, 3, 2]]"))
    for lowest, labels in ((1, [0, 1, 1]), (2.5, [0, 0, 1]), (3, [0, 0, 0])):
        pairs = read([path], "ecml-pqa", positive_from=lowest)
        assert [pair.label for pair in pairs] == labels


@pytest.mark.parametrize(
    ("reviews", "scores", "told"),
    [
        ("['a', 'b']", "[[0, 0, 0]]", "2 reviews and 1 scores, expected as many"),
        ("['a'", "[[0, 0, 0]]", "reviews \"['a'\", expected a Python list"),
        ("('a',)", "[[0, 0, 0]]", "reviews \"('a',)\", expected a Python list"),
        ("[print(1)]", "[[0, 0, 0]]", "reviews '[print(1)]', expected a Python list"),
        ("['a']", "7", "annotation_score '7', expected a Python list"),
        ("['a']", "[[0, 0, 4]]", "annotation_score [0, 0, 4], expected three of 0"),
        ("['a']", "[[0, 0, -1]]", "annotation_score [0, 0, -1], expected three of 0"),
        ("['a']", "[[0, 0, True]]", "annotation_score [0, 0, True], expected three"),
        ("['a']", "[[0, 0]]", "annotation_score [0, 0], expected three of 0 to 3"),
        ("['a']", "[1]", "annotation_score 1, expected three of 0 to 3"),
        ("[5]", "[[0, 0, 0]]", "reviews 5, expected a text"),
        ("['']", "[[0, 0, 0]]", "reviews '', expected a text"),
    ],
)
def test_a_bad_row_is_named(tmp_path, reviews, scores, told):
    path = table(tmp_path, ("['fine']", "[[1, 1, 1]]"), (reviews, scores))
    with pytest.raises(SettingsError) as error:
        read([path], "ecml-pqa")
    assert str(error.value).startswith(f"{path}:3: {told}")


def test_a_long_broken_list_is_told_in_one_short_line(tmp_path):
    path = table(tmp_path, ("['" + "very long " * 50, "[]"))
    with pytest.raises(SettingsError) as error:
        read([path], "ecml-pqa")
    assert len(str(error.value)) - len(path) < 100


def test_the_real_set_has_the_rows_its_readme_tells(real_data):
    path = real_data / "answers-ecml-pqa" / "Annotated_Data.txt.gz"
    pairs = read([str(path)], "ecml-pqa")
    assert len({(pair.product_id, pair.question) for pair in pairs}) == 119
    assert {pair.domain for pair in pairs} == {
        "Patio_Lawn_and_Garden",
        "Electronics",
        "Tools_and_Home_Improvement",
        "Baby",
    }
    # The source's 1,142 / 2,445 / 929 / 175 of 4,691, less what is kept apart: pins.
    rounded = Counter(round(3 * pair.grade) for pair in pairs)
    assert rounded == {0: 655, 1: 1411, 2: 547, 3: 107}
    assert sum(pair.label for pair in pairs) == 547 + 107
