"""Places of sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.sentences import punkt
from models.sentences.punkt import SplitterError

CORPUS = ["It works. I like Dr. Smith a lot. The cable is 3 ft. long. Nice!"] * 30


@pytest.fixture(scope="module")
def splitter(tmp_path_factory):
    path = tmp_path_factory.mktemp("punkt") / "punkt.json"
    path.write_text(punkt.train(CORPUS), encoding="utf-8")
    return punkt.load(str(path))


def said(text, splitter, **options):
    found = punkt.spans(text, splitter=splitter, **{"max_characters": 100, **options})
    return [text[begin:end] for begin, end in found]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.integers(1, 60))
def test_places_are_ordered_disjoint_and_lose_only_white_space(text, limit):
    plain = punkt.PunktSentenceTokenizer()
    spans = punkt.spans(text, splitter=plain, max_characters=limit)
    borders = [border for span in spans for border in span]
    assert borders == sorted(borders)
    assert all(0 < end - begin <= limit for begin, end in spans)
    inside = "".join(text[begin:end] for begin, end in spans)
    assert "".join(inside.split()) == "".join(text.split())
    assert all(text[begin:end].strip() == text[begin:end] for begin, end in spans)


def test_sentences_end_at_periods_and_at_blank_lines(splitter):
    text = "  It fits. I like it!\n\nNo period here\n \nNext one.  "
    assert said(text, splitter) == [
        "It fits.",
        "I like it!",
        "No period here",
        "Next one.",
    ]


@pytest.mark.parametrize("text", ["😀 😀", "שלום עולם.", "a\x00b\x07c", "…", "x"])
def test_unusual_texts_are_ordinary_input(splitter, text):
    assert said(text, splitter) == [text]


@pytest.mark.parametrize("text", ["", " \n\n ", "\t"])
def test_an_empty_text_has_no_sentence(splitter, text):
    assert said(text, splitter) == []


@pytest.mark.parametrize("text", ["a." * 300_000, "x" * 600_000, "word " * 120_000])
def test_a_very_long_text_is_cut_into_sentences_of_the_limit(splitter, text):
    found = said(text, splitter, max_characters=1000)
    assert max(map(len, found)) <= 1000
    assert "".join("".join(found).split()) == "".join(text.split())


def test_training_again_gives_the_same_bytes():
    assert punkt.train(CORPUS) == punkt.train(CORPUS)


def test_the_real_data_is_found_and_knows_abbreviations(real_data):
    path = punkt.find_data(str(real_data / "nltk_data"))
    assert said("I met Mr. Smith. He left.", punkt.load(path)) == [
        "I met Mr. Smith.",
        "He left.",
    ]


def test_missing_and_broken_data_is_told(tmp_path):
    with pytest.raises(SplitterError, match="not found"):
        punkt.find_data(str(tmp_path))
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(SplitterError, match=r"bad\.json"):
        punkt.load(str(tmp_path / "bad.json"))
