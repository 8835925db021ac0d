"""Nouns and their lemmas."""

import pytest

from models.aspects import nouns
from models.aspects.nouns import TaggerError

TEXT = "The batteries of these headphones last ten hours, and it charges quickly."


def test_the_packaged_tagger_finds_nouns_as_lemmas():
    found = nouns.load("textblob", None)(TEXT)
    assert {"battery", "headphone", "hour"} <= set(found.lemmas)
    assert not {"quickly", "the", "ten", "and"} & set(found.lemmas)
    assert found.n_tokens >= 13


def test_nltks_tagger_finds_the_same_here(real_data):
    tagger, folder = nouns.choose("auto", str(real_data / "nltk_data"))
    assert tagger == "nltk"
    assert {"battery", "headphone", "hour"} <= set(
        nouns.load(tagger, folder)(TEXT).lemmas
    )


@pytest.mark.parametrize("text", ["", "😀", "\x00", "שלום", "x" * 100_000, "12 34"])
def test_unusual_texts_have_few_nouns_and_no_error(text):
    assert len(nouns.load("textblob", None)(text).lemmas) <= 1


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Cables", "cable"),
        ("batteries", "battery"),
        ("glass", "glass"),
        ("boxes", "box"),
        ("bus", "bus"),
        ("tv", "tv"),
    ],
)
def test_a_lemma_is_singular_and_lower_case(word, expected):
    assert nouns.lemma(word) == expected


def test_nltk_without_its_data_is_told_and_auto_takes_textblob(tmp_path, monkeypatch):
    monkeypatch.setattr("nltk.data.path", [str(tmp_path)])
    assert nouns.choose("auto", None) == ("textblob", None)
    with pytest.raises(TaggerError, match="expected NLTK's tagger data"):
        nouns.choose("nltk", None)
    with pytest.raises(TaggerError, match=str(tmp_path)):
        nouns.choose("auto", str(tmp_path))
