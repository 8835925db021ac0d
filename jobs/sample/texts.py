"""How sentences are put into words: openers, tails, spelling mistakes, markup."""

import random
import re

from jobs.sample import phrases
from jobs.sample.profiles import pick

_OPENER_SHARE = 0.45
_TAIL_SHARE = 0.35
_TYPO_SHARE = 0.2
_AMPERSAND_SHARE = 0.3
_ENTITY_SHARE = 0.3
_BREAK_SHARE = 0.15
_CAPITALISED = frozenset({"I", "I've", "I'm", "I'd"})
_LETTERS = re.compile(r"[a-z]{5,}")


def decorated(rng: random.Random, sentence: str) -> str:
    """The sentence as one person would write it: framed and sometimes misspelt.

    Starts with a capital or a digit and ends with a full stop.
    """
    text = sentence
    if rng.random() < _OPENER_SHARE:
        text = f"{pick(rng, pick(rng, phrases.OPENERS))} {uncapitalised(text)}"
    if rng.random() < _TAIL_SHARE:
        text = f"{text[:-1]}{pick(rng, pick(rng, phrases.TAILS))}."
    if " and " in text and rng.random() < _AMPERSAND_SHARE:
        text = text.replace(" and ", " & ", 1)
    return misspelt(rng, text)


def misspelt(rng: random.Random, text: str) -> str:
    """The text, every fifth time with a spelling mistake in one word.

    The last word stays: a mistake there could look like an abbreviation.
    """
    if rng.random() >= _TYPO_SHARE:
        return text
    words = text.split(" ")
    place = int(rng.random() * (len(words) - 1))
    word = words[place]
    if len(words) > 1 and _LETTERS.fullmatch(word):
        words[place] = _mistaken(rng, word)
    return " ".join(words)


def _mistaken(rng: random.Random, word: str) -> str:
    at = 1 + int(rng.random() * (len(word) - 2))
    kind = rng.random()
    if kind < 0.4:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind < 0.7:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def capitalised(text: str) -> str:
    """The text with a capital first letter; the rest stays."""
    return text[:1].upper() + text[1:]


def uncapitalised(text: str) -> str:
    """The text as it goes on after an opener: names and `I` keep their capital.

    >>> uncapitalised("The lid is USB-C"), uncapitalised("USB-C it is")
    ('the lid is USB-C', 'USB-C it is')
    """
    first = text.split(" ", 1)[0]
    if first in _CAPITALISED or first[1:] != first[1:].lower():
        return text
    return text[:1].lower() + text[1:]


def marked_up(rng: random.Random, sentences: list[str]) -> str:
    """The review as a shop sends it: entities, line breaks, double spaces.

    Without tags, entities and repeated white space it is the sentences, joined.
    """
    separator = " "
    if rng.random() < _BREAK_SHARE:
        separator = pick(rng, (" <br />", " <br /><br />", "  "))
    if rng.random() < _ENTITY_SHARE:
        sentences = [_escaped(sentence) for sentence in sentences]
    return separator.join(sentences)


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace('"', "&#34;")
    return text.replace("'", "&#39;")
