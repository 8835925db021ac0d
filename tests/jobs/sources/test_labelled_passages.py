"""Questions with passages, format by format, and the pools made of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import lake
from jobs.config import SettingsError
from jobs.sources.community_answers import read_community_answers
from jobs.sources.labelled_passages import read, reading, split
from jobs.sources.natural_questions import spaced
from jobs.sources.passages import (
    BLANK,
    ELSEWHERE,
    NO_ANSWER,
    AskedQuestion,
    Paragraph,
    matches_of,
    pool_of,
    tidy,
)
from models.sentences.prose import sentence_spans
from pipelines.tables import COMMUNITY_ANSWERS, QUESTIONS

PARAGRAPH = "Rollo led the Norse. He came from Norway. They settled in 911."


def written(tmp_path, text, name="set.json"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He met Dr. Smith. They left.", ["He met Dr. Smith.", "They left."]),
        ("It was J. R. R. Tolkien. Yes.", ["It was J. R. R. Tolkien.", "Yes."]),
        ("The U.S. Army won.[1][2] Then it left.", None),
        ("It is in the U.S. The army won.", ["It is in the U.S.", "The army won."]),
        ("Reduces to C. Of course.", ["Reduces to C.", "Of course."]),
        ("It orbits the Sun. Mars too.", ["It orbits the Sun.", "Mars too."]),
        ("He said no. They left.", ["He said no.", "They left."]),
        ("See No. 5 of vol. 3 again.", ["See No. 5 of vol. 3 again."]),
        ("It scored 9.5. Critics came.", ["It scored 9.5.", "Critics came."]),
        ("It ended. élan came.", ["It ended. élan came."]),
        ('He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."]),
        ("(It was late.) We went. 3 came.", ["(It was late.)", "We went.", "3 came."]),
        ("It cost 3.5 million. e.g. this.", ["It cost 3.5 million. e.g. this."]),
        (
            "In Oct. 1990 it rained.\nA new line",
            ["In Oct. 1990 it rained.", "A new line"],
        ),
        ("Wait... What?! Élan. «Oui.»", ["Wait...", "What?!", "Élan.", "«Oui.»"]),
        (" \n ", []),
        # Longer than any acronym, and more marks than a slow search would end with.
        (f"{'A.' * 99} Bit. Then.", [f"{'A.' * 99}", "Bit.", "Then."]),
        (f"So{'.' * 50_000}x. Then.", [f"So{'.' * 50_000}x.", "Then."]),
    ],
)
def test_sentences_of_prose(text, expected):
    if expected is None:
        expected = ["The U.S. Army won.[1][2]", "Then it left."]
    assert [text[begin:end] for begin, end in sentence_spans(text)] == expected


@given(st.text(alphabet='aB3.?! \n"[1]()Dr', max_size=60))
def test_sentences_are_ordered_and_lose_only_white_space(text):
    spans = sentence_spans(text)
    flat = [place for span in spans for place in span]
    assert flat == sorted(flat)
    kept = "".join(text[begin:end] for begin, end in spans)
    assert "".join(kept.split()) == "".join(text.split())


def squad(*questions, paragraph=PARAGRAPH):
    qas = [
        {
            "question": text,
            "answers": [
                {"text": paragraph[start : start + 3], "answer_start": start}
                for start in starts
            ],
            "is_impossible": not starts,
        }
        for text, starts in questions
    ]
    paragraphs = [{"context": paragraph, "qas": qas}]
    return json.dumps({"data": [{"title": "Normans", "paragraphs": paragraphs}]})


def test_squad_answers_are_the_sentences_in_which_they_start(tmp_path):
    text = squad(
        ("Who led  them?", [0, 0]),
        ("When &amp; where?", [58, 34]),
        ("Why?", []),
    )
    first, second, third = (
        "Rollo led the Norse.",
        "He came from Norway.",
        "They settled in 911.",
    )
    assert read([written(tmp_path, text)], "squad") == [
        AskedQuestion("Who led them?", (first,), (first, second, third), "Normans#0"),
        AskedQuestion(
            "When & where?", (third, second), (first, second, third), "Normans#0"
        ),
    ]


def test_articles_of_one_title_are_two_groups(tmp_path):
    one = json.loads(squad(("Who?", [0])))["data"]
    path = written(tmp_path, json.dumps({"data": [*one, *one]}))
    # Else the second row were the first again.
    assert [row.group for row in read([path], "squad")] == ["Normans#0", "Normans#1#0"]


@pytest.mark.parametrize(
    ("answer", "start", "expected"),
    [
        ("Rollo", 0, 0),
        ("He came", 9, 21),  # offsets of another counting: the nearest place
        ("in 911", 99_999, 55),
        ("Rollo", -1, 0),
        ("", 21, 21),
        ("", 62, None),
        ("e", 14, 12),
        ("e", 21, 22),
        ("rollo", 0, 0),  # normalised: as the set says
        ("Harald", 99_999, None),
        (None, 21, 21),
        (None, 99_999, None),
        (None, -1, None),
    ],
)
def test_an_answer_is_where_its_text_stands(answer, start, expected):
    assert Paragraph(PARAGRAPH).start_of(answer, start) == expected


def test_what_is_left_out_is_counted_by_its_reason(tmp_path):
    document = json.loads(squad(("Who?", [0]), ("Who?", [0]), ("Why?", []), (" ", [0])))
    qas = document["data"][0]["paragraphs"][0]["qas"]
    wrong = {"question": "How?", "answers": [{"text": "Harald", "answer_start": 99}]}
    qas += [wrong, {"question": "When?"}]
    found = reading([written(tmp_path, json.dumps(document))], "squad")
    assert [row.question for row in found.rows] == ["Who?"]
    assert found.counts() == {
        "n_read": 6,
        "n_duplicate": 1,
        "n_left_out": {
            NO_ANSWER.reason: 2,
            BLANK.reason: 1,
            ELSEWHERE.reason: 1,
        },
    }
    assert found.told() == (
        "6 questions read: 1 used, 1 a second time, 2 left out: no answer, 1 left out:"
        " blank question, 1 left out: answer not in the text"
    )
    path = written(tmp_path, lines({"question": "q", "answer": "a", "group": 0}))
    with pytest.raises(SettingsError, match="1 left out: --where"):
        reading([path], "jsonl", where=["group=1"])


def test_qed_has_its_own_sentences(tmp_path):
    def record(answers, **more):
        return {
            "question_text": "who led",
            "paragraph_text": "Rollo led . He came .",
            "sentence_starts": [0, 12],
            "original_nq_answers": answers,
            "title_text": "Normans",
            **more,
        }

    chosen = {"selected_sentence": {"start": 0, "end": 12}}
    path = written(
        tmp_path,
        lines(
            record([[{"start": 12}], [{"start": 15}, {"start": 0}]]),
            record([], question_text="who", annotation=chosen),
            record([], question_text="none", annotation=None),
            record([[{"start": 900, "string": "He"}]], question_text="who came"),
        ),
    )
    both = ("Rollo led .", "He came .")
    assert read([path], "qed") == [
        AskedQuestion("who led", both[::-1], both, "Normans"),
        AskedQuestion("who", both[:1], both, "Normans"),
        AskedQuestion("who came", both[1:], both, "Normans"),
    ]


def nq(*annotations, tokens):
    return {
        "question_text": "who led them",
        "document_title": "Normans",
        "document_text": tokens,
        "annotations": [
            {
                "long_answer": {"start_token": first, "end_token": end},
                "short_answers": [
                    {"start_token": start, "end_token": start + 1} for start in short
                ],
            }
            for first, end, short in annotations
        ],
    }


def test_natural_questions_keep_paragraphs_with_one_short_answer(tmp_path):
    tokens = (
        "<H1> Normans </H1> <P> Rollo led . He ( Ro ) came . </P> <Table> x </Table>"
    )
    simple = nq(
        (3, 13, [8]),  # Ro
        (3, 13, [4]),  # Rollo
        (3, 13, [4, 5]),  # two short answers
        (14, 17, [15]),  # no paragraph
        (3, 13, [15]),  # outside of its paragraph
        (-1, -1, []),
        tokens=tokens,
    )
    full = {
        **simple,
        "document_tokens": [
            {"token": one, "html_token": one.startswith("<")} for one in tokens.split()
        ],
    }
    path = written(tmp_path, lines(simple, full))
    sentences = ("Rollo led.", "He (Ro) came.")
    # Both forms give the same row, which counts once.
    assert read([path], "natural-questions") == [
        AskedQuestion("who led them", sentences[::-1], sentences, "Normans")
    ]
    assert spaced(["Do", "n't", "(", "50", "%", ")", ",", "we", "'re", "in"]) == (
        "Don't (50%), we're in"
    )


def test_mrqa_contexts_are_parted_by_their_marks(tmp_path):
    context = "[PAR] [TLE] Rollo [SEP] Rollo led. He came. [PAR] Others stayed."
    qas = [
        {
            "question": "Who led?",
            "detected_answers": [
                {"text": "Rollo", "char_spans": [[12, 16], [24, 28]]},
                {"text": "stayed", "char_spans": [[57, 62]]},
            ],
        }
    ]
    path = written(tmp_path, lines({"header": {}}, {"context": context, "qas": qas}))
    (row,) = read([path], "mrqa")
    assert row.candidates == ("Rollo led.", "He came.", "Others stayed.")
    # The first place that is in no title.
    assert row.answers == ("Rollo led.",)
    assert row.group == "Rollo led."


@pytest.mark.parametrize(
    ("context", "said", "expected"),
    [
        (
            "[DOC] [TLE] On Rollo [PAR] Rollo led. He came. [DOC] [TLE] Rollo [PAR]",
            "Rollo",
            (["Rollo led.", "He came."], "Rollo led."),
        ),
        (
            "<P> Rollo led . </P> <Table> <Tr> <Td_colspan=2> He came </Td> </Table>",
            "He",
            (["Rollo led .", "He came"], "He came"),
        ),
        ("[PAR] [TLE] Rollo [SEP] He came.", "Rollo", None),
        (
            "[TLE] Rollo led <b@x.org>.",
            "led",
            (["Rollo led <b@x.org>."], "Rollo led <b@x.org>."),
        ),
        (
            "Rollo led\nthe Norse.\n\nthey settled",
            "Rollo",
            (["Rollo led the Norse.", "they settled"], "Rollo led the Norse."),
        ),
    ],
)
def test_mrqa_titles_end_at_the_next_mark_and_tags_are_no_text(
    tmp_path, context, said, expected
):
    spans = [[at, at + 1] for at in range(len(context)) if context.startswith(said, at)]
    asked = {"question": "q", "detected_answers": [{"text": said, "char_spans": spans}]}
    path = written(tmp_path, lines({"context": context, "qas": [asked]}))
    if expected is None:
        with pytest.raises(SettingsError, match="1 left out: answer not in the text"):
            read([path], "mrqa")
        return
    (row,) = read([path], "mrqa")
    assert ([*row.candidates], *row.answers) == expected


def test_amazon_answers_of_all_shapes(tmp_path):
    flat = {"asin": "B1", "question": "Fits &amp; ok?", "answer": "Yes.  It does."}
    other = {**flat, "answer": "No."}
    nested = {
        "asin": "B2",
        "questions": [
            {
                "questionText": "Big?",
                "questionTime": "limited budget",  # other fields are not looked at
                "answers": [{"answerText": "Yes"}, {"answerText": " "}],
            },
            {"questionText": "Red?", "answers": []},
        ],
    }
    listed = {
        "asin": "B3",
        "questionText": "Old?",
        "answers": [{"answerText": "No\r, new"}, {"answerText": "Half \ud83d."}],
    }
    path = written(
        tmp_path,
        f"{flat!r}\n{json.dumps(other)}\n\n{nested!r}\n{json.dumps(listed)}\n",
        name="qa_Toys.json",
    )
    answers, listed_answers = ("Yes. It does.", "No."), ("No , new", "Half \ufffd.")
    assert read([path], "amazon-qa") == [
        AskedQuestion("Fits & ok?", answers, answers, "B1", "qa_Toys"),
        AskedQuestion("Big?", ("Yes",), ("Yes",), "B2", "qa_Toys"),
        AskedQuestion("Old?", listed_answers, listed_answers, "B3", "qa_Toys"),
    ]
    literal = "{'asin': 'B1', 'question': 'q', 'answer': 'one\rtwo'}\n"
    (row,) = read([written(tmp_path, literal)], "amazon-qa")
    assert row.answers == ("one two",)


def test_own_json_lines(tmp_path):
    path = written(
        tmp_path,
        lines(
            {"question": " Big? ", "answer": "Yes."},
            {
                "question": "Red?",
                "answers": ["No.", "Blue."],
                "candidates": ["Maybe.", "No."],
                "group": "B1",
                "domain": "Toys",
                "more": 1,
            },
        ),
    )
    assert read([path], "jsonl") == [
        AskedQuestion("Big?", ("Yes.",), ("Yes.",), "Big?"),
        AskedQuestion(
            "Red?", ("No.", "Blue."), ("No.", "Blue.", "Maybe."), "B1", "Toys"
        ),
    ]
    assert read([path], "jsonl", where=["domain=Toys"])[0].question == "Red?"


@pytest.mark.parametrize(
    ("format_name", "text", "told"),
    [
        ("squad", "{}", r"set\.json: KeyError\('data'\), expected SQuAD's data"),
        ("squad", '{"data": [{}]}', r"set\.json: data\[0\]: KeyError\('paragraphs'\)"),
        ("squad", squad(("Why?", [])), "no question, expected squad rows"),
        ("qed", lines({"question_text": "q"}), r":1: paragraph_text None, expected"),
        ("qed", lines({"question_text": "q", "paragraph_text": "p"}), ":1: KeyError"),
        ("natural-questions", lines({"question_text": "q"}), r":1: KeyError"),
        ("mrqa", lines({"context": "x"}), r":1: KeyError\('qas'\), expected context"),
        ("squad", '{"data": null}', r"set\.json: TypeError.*expected SQuAD's data"),
        (
            "squad",
            squad(("Who?", [0])).replace('"answer_start": 0', '"answer_start": []'),
            r"data\[0\]\.paragraphs\[0\]\.qas\[0\]: TypeError",
        ),
        (
            "qed",
            lines(
                {
                    "question_text": "q",
                    "paragraph_text": "A b.",
                    "sentence_starts": [2, 0],
                    "original_nq_answers": [],
                }
            ),
            r":1: .*sentence_starts \[2, 0\].*expected sentence_starts that rise",
        ),
        ("amazon-qa", "{'asin': 'B1'}\n", r":1: no 'answers', expected asin"),
        (
            "amazon-qa",
            "{'asin': 'B1', 'question': 'q', 'answer': None}\n",
            r":1: answer None, expected asin",
        ),
        ("amazon-qa", "{'asin': None}\n", r":1: asin None, expected asin"),
        ("jsonl", lines({"question": "&nbsp;", "answer": "a"}), ":1: question '&nbsp;"),
        (
            "jsonl",
            lines({"question": "q", "answers": ["&nbsp;"]}),
            r":1: answers \['&nbsp;'\]",
        ),
        ("amazon-qa", "[1]\n", r":1: .*expected a record"),
        ("amazon-qa", "import os\n", r":1: .*expected asin"),
        ("jsonl", lines({"question": "q"}), r":1: answer None, expected a text"),
        ("jsonl", lines({"question": "q", "answers": []}), r":1: answers \[\], expect"),
        ("jsonl", lines({"question": "q", "answers": [1]}), r":1: answers \[1\], exp"),
    ],
)
def test_what_is_no_such_set_is_told_with_its_place(tmp_path, format_name, text, told):
    with pytest.raises(SettingsError, match=told):
        read([written(tmp_path, text)], format_name)


def row(question, answers, candidates=(), group="g"):
    return AskedQuestion(
        question, tuple(answers), tuple(dict.fromkeys([*answers, *candidates])), group
    )


def test_a_pool_has_each_text_once_and_joins_a_questions_rows():
    rows = [row("q1", ["a"], ["x"]), row("q2", ["b", "a"]), row("q1", ["c"], ["y"])]
    gold, whole = pool_of(rows), pool_of(rows, "all")
    assert (gold.questions, gold.candidates) == (["q1", "q2"], ["a", "c", "b"])
    assert gold.right == [[0, 1], [2, 0]]
    assert whole.candidates == ["a", "c", "b", "x", "y"]
    assert whole.right == gold.right
    asked = matches_of([*rows, rows[0]])
    assert [*zip(asked.questions, asked.passages, strict=True)] == [
        ("q1", "a"),
        ("q2", "b"),
        ("q2", "a"),
        ("q1", "c"),
    ]


def test_passages_of_too_few_questions_leave_with_the_questions():
    rows = [row("q1", ["a", "b"]), row("q2", ["a"]), row("q3", ["c"]), row("q1", ["a"])]
    two = pool_of(rows, min_questions=2)
    assert (two.questions, two.right, two.candidates) == (
        ["q1", "q2"],
        [[0], [0]],
        ["a"],
    )
    assert len(pool_of(rows, min_questions=3)) == 0
    # A right passage that is left out is no wrong one either.
    whole = pool_of([*rows, row("q2", ["a"], ["x"])], "all", min_questions=2)
    assert whole.candidates == ["a", "x"]


def test_groups_are_in_one_part():
    rows = [row(f"q{place}", ["a"], group=f"g{place % 7}") for place in range(70)]
    parts = split(rows, shares=(0.3, 0.3), seed=1)
    assert sorted(one.question for part in parts for one in part) == sorted(
        one.question for one in rows
    )
    groups = [{one.group for one in part} for part in parts]
    assert sum(map(len, groups)) == 7
    assert split(rows, shares=(0.3, 0.3), seed=2) != parts


def test_an_answer_outside_of_every_sentence_is_none():
    assert Paragraph(" \n ").asked("q", [0], group="g") == ELSEWHERE
    assert Paragraph("A b.").asked("&nbsp;", [0], group="g") == BLANK
    assert Paragraph("A b.").asked("q", [], group="g") == NO_ANSWER
    # A sentence of nothing but an entity of white space is none.
    found = Paragraph("A b.\n&nbsp;\nC d.").asked("q", [5], group="g")
    assert (found.answers, found.candidates) == (("A b.",), ("A b.", "C d."))
    assert tidy("a\xa0b") == "a b"


@pytest.mark.spark
def test_community_answers_of_a_lake(spark, lake_root):
    at = ("u", None, "yes/no", "Toys", "f")
    questions = [
        ("q1", "B1", *at, "Big  one?"),
        ("q2", "B1", *at, "Red?"),
    ]
    answers = [
        (f"a{place}", "q1", "B1", None, None, 0, 0, "Toys", "f", text)
        for place, text in enumerate(["Yes.", "No.", "Yes."])
    ]
    for table, rows in ((QUESTIONS, questions), (COMMUNITY_ANSWERS, answers)):
        frame = spark.createDataFrame(rows, table.schema)
        lake.replace(spark, frame, table, lake_root)
    both = ("No.", "Yes.")
    assert read_community_answers(spark, f"{lake_root}/none") == []
    assert read_community_answers(spark, lake_root) == [
        AskedQuestion("Big one?", both, both, "B1", "Toys")
    ]


@pytest.mark.parametrize(
    ("path", "format_name", "n_questions", "n_gold", "n_all"),
    [
        ("retrieval-squad2-halfdev/dev-v2.0.json.gz", "squad", 2907, 2268, 3557),
        ("retrieval-qed/qed-dev.jsonlines.gz", "qed", 1355, 1468, 5588),
        ("qa-amazon/qa_Appliances.json.gz", "amazon-qa", 8736, 8298, 8298),
    ],
)
def test_the_real_sets(real_data, path, format_name, n_questions, n_gold, n_all):
    rows = read([str(real_data / path)], format_name)
    gold, whole = pool_of(rows), pool_of(rows, "all")
    found = len(gold), len(gold.candidates), len(whole.candidates)
    assert found == (n_questions, n_gold, n_all)
