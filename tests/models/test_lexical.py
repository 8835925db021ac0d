"""Stems, BM25 and overlap against their formulas."""

from math import log

import pytest
import torch

from models.lexical import Terms, terms

SENTENCES = [
    "The oven is large",
    "A large large red oven fits",
    "Red paint",
    "Red paint",  # counted once
    "It works with gas",
]
# Without stop words: [oven larg], [larg larg red oven fit], [red paint], [work ga].
AVERAGE = (2 + 5 + 2 + 2) / 4


def idf(n_with, n_texts=4):
    return log(1 + (n_texts - n_with + 0.5) / (n_with + 0.5))


@pytest.fixture(scope="module")
def found():
    return Terms.fit(SENTENCES)


def bm25(terms_, asked, said):
    return terms_.bm25(terms_.read(asked, 99), terms_.read(said, 99))


def test_rarity_and_mean_length_are_of_distinct_sentences(found):
    assert found.words == ("fit", "ga", "larg", "oven", "paint", "red", "work")
    assert found.average.item() == pytest.approx(AVERAGE)
    expected = [0, *(idf(n) for n in (1, 1, 2, 2, 1, 2, 1)), idf(0)]
    assert found.idf.tolist() == pytest.approx(expected)


def test_bm25_is_its_formula(found):
    # The question says "large" twice: it counts once. tf of larg is 2, of oven 1.
    norm = 1.2 * (1 - 0.75 + 0.75 * 5 / AVERAGE)
    expected = idf(2) * 2 * 2.2 / (2 + norm) + idf(2) * 1 * 2.2 / (1 + norm)
    score = bm25(found, ["A large, LARGE oven of steel?"], [SENTENCES[1]])
    assert score.tolist() == pytest.approx([expected])


def test_a_stem_that_no_sentence_has_matches_itself_alone(found):
    asked = ["steel", "steel", "steel", "steel"]
    norm = 1.2 * (1 - 0.75 + 0.75 * 1 / AVERAGE)
    scores = bm25(found, asked, ["steels", "chrome", "oven", ""]).tolist()
    assert scores == pytest.approx([idf(0) * 2.2 / (1 + norm), 0, 0, 0])
    assert bm25(found, [""], [""]).tolist() == [0]


def test_overlap_is_the_share_of_the_questions_distinct_stems(found):
    asked = found.read(["red red oven steel", "paint", ""], 99)
    said = found.read(["an oven, red", "gas", ""], 99)
    shared, total = 2 * idf(2), 2 * idf(2) + idf(0)
    assert found.overlap(asked, said).tolist() == [
        pytest.approx([2 / 3, shared / total]),
        [0, 0],
        [0, 0],
    ]


def test_pads_and_other_rows_change_nothing(found):
    asked, said = found.read(["red oven", "gas"], 99), found.read(SENTENCES[:2], 99)
    longer = [torch.nn.functional.pad(ids, (0, 5)) for ids in (asked, said)]
    assert torch.equal(found.bm25(*longer), found.bm25(asked, said))
    assert torch.equal(found.overlap(*longer), found.overlap(asked, said))
    alone = bm25(found, ["red oven"], [SENTENCES[0]])
    assert torch.equal(alone[0], found.bm25(asked, said)[0])


def test_a_long_text_keeps_its_beginning_and_an_empty_one_has_a_pad(found):
    assert found.read(["red paint oven", "the"], 2).tolist() == [[6, 5], [0, 0]]


def test_saved_rarities_come_back(found):
    again = Terms(found.words)
    again.load_state_dict(found.state_dict())
    asked, said = ["red oven steel"], ["a steel oven"]
    assert torch.equal(bm25(again, asked, said), bm25(found, asked, said))


def test_stop_words_are_left_out_and_forms_of_a_word_are_one():
    assert terms("It was the ovens, an OVEN!") == ["oven", "oven"]
    assert terms("") == []
