"""Labelled pairs as questions with passages."""

import pytest

from jobs.sources.labelled_passages import read
from jobs.sources.passages import AskedQuestion, pool_of

HEAD = "qid,question,ASIN,candidate,source,qa_pair_id,title,label,answer\n"


def test_what_answers_is_right_and_what_the_product_has_is_a_candidate(tmp_path):
    path = tmp_path / "epqa.csv"
    rows = [
        '1,is it red?,A,"no,  blue",review,1,t,2,',
        "1,is it red?,A,has a colour,bullet,2,t,1,",  # helps, no more
        "1,is it red?,A,blue &amp; red,cqa,3,t,2,",
        "2,how long?,A,a metre,review,4,t,2,",
        "3,is it tin?,A,heavy,review,5,t,0,",  # nothing answers
        "1,is it red?,B,red,review,6,t,2,",
        "1,is it red?,B,&nbsp;,review,7,t,2,",
        "4,is it new?,,new,review,8,t,2,",  # of no product: it stands for itself
        "5,is it old?,,old,review,9,t,2,",
    ]
    path.write_text(HEAD + "\n".join(rows) + "\n")
    said = ("no, blue", "has a colour", "blue & red", "a metre", "heavy")
    assert read([str(path)], "epqa") == [
        AskedQuestion("is it red?", ("no, blue", "blue & red"), said, "A"),
        AskedQuestion("how long?", ("a metre",), said, "A"),
        AskedQuestion("is it red?", ("red",), ("red",), "B"),
        AskedQuestion("is it new?", ("new",), ("new",), "is it new?"),
        AskedQuestion("is it old?", ("old",), ("old",), "is it old?"),
    ]


def test_a_domain_of_the_set_is_kept(tmp_path):
    path = tmp_path / "ecml.txt"
    head = "asin\tquestion\tanswer\tcategory\timUrl\treviews\tannotation_score"
    row = "A\tq?\ta\tTools\tu\t['x', 'y']\t[[3, 2, 2], [0, 0, 1]]"
    path.write_text(f"{head}\n{row}\n")
    (found,) = read([str(path)], "ecml-pqa")
    assert found == AskedQuestion("q?", ("x",), ("x", "y"), "A", "Tools")


@pytest.mark.parametrize(
    ("path", "format_name", "n_questions", "n_right", "n_all"),
    [
        ("answers-epqa/dev.csv.gz", "epqa", 563, 1621, 5366),
        ("answers-hetpqa/evidence_ranking-dev.tsv.gz", "hetpqa", 385, 604, 2000),
        ("answers-ecml-pqa/Annotated_Data.txt.gz", "ecml-pqa", 113, 654, 2596),
    ],
)
def test_the_real_sets_have_as_many_as_were_counted(
    real_data, path, format_name, n_questions, n_right, n_all
):
    rows = read([str(real_data / path)], format_name)
    gold, whole = pool_of(rows), pool_of(rows, "all")
    found = len(gold), len(gold.candidates), len(whole.candidates)
    assert found == (n_questions, n_right, n_all)
