"""The nouns of a text, as lemmas.

Two part-of-speech taggers: NLTK's averaged perceptron, whose weights are data on
disk, and TextBlob's pattern tagger, whose lexicon is in its package. Nouns are the
Penn tags NN, NNS, NNP and NNPS (Chen et al. 2019, section on AN-words); lemmas are
lower case and singular by TextBlob's inflection rules, the same for both taggers.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nltk
from nltk.tag.perceptron import PerceptronTagger
from nltk.tokenize import NLTKWordTokenizer
from textblob.en import tag as pattern_tag
from textblob.en.inflect import singularize

_DATA = "taggers/averaged_perceptron_tagger_eng"
_NOUN_TAGS = frozenset({"NN", "NNS", "NNP", "NNPS"})
_WORD = re.compile(r"[^\W\d_][\w'-]*[^\W_]")
_MAX_CHARACTERS = 10_000


class TaggerError(ValueError):
    """The tagger's data is not where it was said to be."""


@dataclass(frozen=True)
class Nouns:
    """Noun lemmas of one text in order, with repetition, and its word tokens."""

    lemmas: list[str]
    n_tokens: int


def choose(tagger: str, nltk_data: str | None) -> tuple[str, str | None]:
    """The tagger to use, with the folder of its data.

    Args:
        tagger: nltk, textblob, or auto (nltk where its data is there).
        nltk_data: Folder to look in; None looks where NLTK does (`NLTK_DATA`).

    Raises:
        TaggerError: NLTK's tagger was asked for and its data is not there.
    """
    if tagger == "textblob":
        return "textblob", None
    folder = _find_data(nltk_data)
    if folder is not None:
        return "nltk", folder
    if tagger == "nltk" or nltk_data is not None:
        place = nltk_data or "NLTK_DATA"
        raise TaggerError(f"{place}: no {_DATA}, expected NLTK's tagger data")
    return "textblob", None


def load(tagger: str, folder: str | None) -> Callable[[str], Nouns]:
    """The function from a text to its nouns, by the tagger that `choose` gave."""
    if tagger == "textblob":
        return functools.partial(_nouns, tag=pattern_tag)
    if folder is None:
        raise TaggerError(f"{tagger}: no folder, expected {_DATA}")
    # NLTK opens files below its own data path only.
    nltk.data.path.append(str(Path(folder).resolve().parents[1]))
    perceptron = PerceptronTagger(load=False)
    perceptron.load_from_json("eng", folder)
    words = NLTKWordTokenizer()

    def tag(text: str) -> list[tuple[str, str]]:
        return list(perceptron.tag(words.tokenize(text)))

    return functools.partial(_nouns, tag=tag)


@functools.lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """Lower-case singular of a noun.

    >>> lemma("Cables"), lemma("battery"), lemma("glass")
    ('cable', 'battery', 'glass')
    """
    lowered = word.lower()
    if lowered.endswith(("ss", "us", "is")) or len(lowered) < 4:
        return lowered
    return str(singularize(lowered))


def _nouns(text: str, *, tag: Callable[[str], list[tuple[str, str]]]) -> Nouns:
    tagged = tag(text[:_MAX_CHARACTERS])
    lemmas = [
        lemma(word)
        for word, part in tagged
        if part in _NOUN_TAGS and _WORD.fullmatch(word)
    ]
    return Nouns(lemmas=lemmas, n_tokens=len(tagged))


def _find_data(nltk_data: str | None) -> str | None:
    if nltk_data is not None:
        folder = Path(nltk_data) / _DATA
        return str(folder) if folder.is_dir() else None
    try:
        return str(nltk.data.find(_DATA))
    except LookupError:
        return None
