"""Plain words of a text."""

import pytest

from models.words import plain_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Batteries are dead", ["battery", "dead"]),
        ("stoves, glass and buses", ["stove", "glass", "buse"]),
        ("it is", []),
        ("", []),
    ],
)
def test_plain_words_lose_plurals_and_stop_words(text, words):
    assert plain_words(text) == words
