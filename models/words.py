"""Plain words of a text: what BM25 counts where nothing may be loaded or learned."""

import re

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

STOP_WORDS = tuple(sorted(ENGLISH_STOP_WORDS))
_IS_STOP_WORD = frozenset(STOP_WORDS)
_WORD = re.compile(r"[a-z0-9]+")
_PLURALS = (
    (re.compile(r"(?<![ea])ies$"), "y"),
    (re.compile(r"(?<![aeo])es$"), "e"),
    (re.compile(r"(?<![us])s$"), ""),
)


def plain_words(text: str) -> list[str]:
    """Lower-cased words without stop words and plural endings, with repetition.

    The endings are those of Harman 1991, table 1 (S stemmer). `pipelines.words` says
    the same in native Spark expressions.

    >>> plain_words("Do the Batteries fit these stoves?")
    ['battery', 'fit', 'stove']
    """
    return [
        _singular(word)
        for word in _WORD.findall(text.lower())
        if word not in _IS_STOP_WORD
    ]


def _singular(word: str) -> str:
    for ending, other in _PLURALS:
        changed, n_changes = ending.subn(other, word)
        if n_changes and len(word) > 3:
            return changed
    return word
