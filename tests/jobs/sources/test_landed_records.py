"""The published formats, record by record."""

import datetime as dt

from jobs.sources import products, purchases, questions, reviews
from udfs.records import record


def rows(parse, line):
    """Item with the row, or with the class of its error."""
    return [
        (one.item, one.refused.error_class if one.refused else one.row)
        for one in parse(record(line) if isinstance(line, str) else line, "k/f.json")
    ]


def product(**fields):
    [(_, row)] = rows(products.parse, {"asin": "B1", **fields})
    return row


def test_metadata_of_2018():
    row = product(
        title="Box &amp; lid",
        brand="Acme",
        category=["Home", "Storage"],
        feature=["<b>big</b>", ""],
        description=["One.", "Two."],
        price="$12.99",
        details={"\n    Product Weight: \n    ": "2 ounces"},
        tech1="class='x'><tr><th>Material</th><td>Tin</td></tr>",
    )
    assert row == {
        "product_id": "B1",
        "category": ["Home", "Storage"],
        "title": "Box & lid",
        "brand": "Acme",
        "price": 12.99,
        "bullets": ["big"],
        "descriptions": ["One.", "Two."],
        "specifications": [("Material", "Tin"), ("Product Weight", "2 ounces")],
    }


def test_metadata_of_2014_takes_the_first_path_and_one_text():
    row = product(categories=[["Toys", "Trains"], ["Gifts"]], description="One.")
    assert row["category"] == ["Toys", "Trains"]
    assert row["descriptions"] == ["One."]
    assert row["title"] is None
    assert row["bullets"] == []


def test_csv_fields_hold_lists_as_text():
    row = product(categories="[['Toys', 'Trains']]", feature='["a", "b"]')
    assert row["category"] == ["Toys", "Trains"]
    assert row["bullets"] == ["a", "b"]


def test_details_may_be_text_and_attributes_other_values():
    row = product(details="Weight 2 kg", attributes={"n": 3, "ok": False, "x": None})
    assert row["specifications"] == [
        ("details", "Weight 2 kg"),
        ("n", "3"),
        ("ok", "false"),
    ]


def test_our_own_product_columns_come_back():
    row = product(bullets=["a"], descriptions=["b"], specifications=[("k", "v")])
    assert (row["bullets"], row["descriptions"]) == (["a"], ["b"])
    assert row["specifications"] == [("k", "v")]


def test_a_review_in_our_own_columns():
    [(_, row)] = rows(
        reviews.parse,
        {
            "review_id": "r1",
            "product_id": "B1",
            "user_id": "U1",
            "rating": 4,
            "text": "x",
        },
    )
    kept = {name: value for name, value in row.items() if value is not None}
    assert kept == {
        "given_id": "r1",
        "product_id": "B1",
        "user_id": "U1",
        "rating": 4.0,
        "text": "x",
    }


def test_a_flat_line_is_a_question_and_an_answer():
    line = (
        "{'questionType': 'yes/no', 'asin': 'B1', 'answerTime': 'Jun 27, 2014',"
        " 'unixTime': 1403852400, 'question': 'Big?', 'answer': u'It\\'s big'}"
    )
    [(item, question)] = rows(questions.parse_questions, line)
    assert (item, question["text"], question["asked_at"]) == ("", "Big?", None)
    assert question["question_type"] == "yes/no"
    [(item, answer)] = rows(questions.parse_answers, line)
    assert (item, answer["text"], answer["question"]) == ("", "It's big", "Big?")
    assert answer["answered_at"] == dt.datetime(2014, 6, 27, 7, tzinfo=dt.UTC)
    assert (answer["n_helpful"], answer["n_votes"]) == (None, None)


def test_a_question_without_answer_has_no_answer_record():
    assert rows(questions.parse_answers, {"asin": "B1", "question": "Big?"}) == []
    line = {"asin": "B1", "question": "Big?", "answer": None}
    assert rows(questions.parse_answers, line) == []


NESTED = """{'asin': 'B1', 'questions': [
 {'questionText': 'Big?', 'askerID': 'U1', 'questionTime': 'June 29, 2014', 'answers': [
   {'answerText': 'Yes', 'answererID': 'U2', 'helpful': [1, 2]},
   {'answerText': ' ', 'answererID': 'U3', 'helpful': [0, 0]}]},
 {'questionText': '', 'answers': [{'answerText': 'What?'}, {'answerText': 'Eh?'}]}]}"""


def test_the_nested_shape_gives_each_question_its_place():
    (first, question), second = rows(questions.parse_questions, NESTED)
    assert (first, question["user_id"]) == ("questions[0]", "U1")
    assert question["asked_at"] == dt.datetime(2014, 6, 29, tzinfo=dt.UTC)
    assert second == ("questions[1]", "empty_text")


def test_the_answers_of_a_refused_question_are_refused():
    (item, answer), *others = rows(questions.parse_answers, NESTED)
    assert (item, answer["user_id"]) == ("questions[0].answers[0]", "U2")
    assert (answer["n_helpful"], answer["n_votes"]) == (1, 2)
    assert others == [
        ("questions[0].answers[1]", "empty_text"),
        ("questions[1].answers[0]", "empty_text"),
        ("questions[1].answers[1]", "empty_text"),
    ]


def test_an_answer_in_our_own_columns_is_no_question():
    own = {"answer_id": "a", "question_id": "q", "product_id": "B1", "text": "Yes"}
    assert rows(questions.parse_questions, own) == []
    [(_, row)] = rows(questions.parse_answers, {**own, "n_helpful": 1, "n_votes": 3})
    kept = {name: value for name, value in row.items() if value is not None}
    assert kept == {
        "given_id": "a",
        "given_question_id": "q",
        "product_id": "B1",
        "text": "Yes",
        "n_helpful": 1,
        "n_votes": 3,
    }


def test_one_count_of_votes_alone_is_not_kept():
    line = {"asin": "B1", "question": "Big?", "answer": "Yes", "n_votes": 3}
    [(_, row)] = rows(questions.parse_answers, line)
    assert (row["n_helpful"], row["n_votes"]) == (None, None)


def test_a_purchase():
    line = {"asin": "B1", "reviewerID": "U1", "unixTime": 1403852400}
    [(_, row)] = rows(purchases.parse, line)
    assert row == {
        "product_id": "B1",
        "user_id": "U1",
        "purchased_at": dt.datetime(2014, 6, 27, 7, tzinfo=dt.UTC),
    }
