"""Sentences of an encyclopaedia's prose, by rule, as ReQA needs them (models.md 4.6).

A sentence ends behind `.`, `?` or `!`, with the quotes, brackets and citation marks
that follow, where white space and a capital, a digit or an opening mark come next. It
does not end behind a title (Dr., St.), behind a month, "No." and their like before a
digit, nor behind an initial or an acronym with dots, unless the next word is one that
names hardly begin with (The, In, It). Nothing is learnt: a set gives the same sentences
anywhere.
"""

import re
from itertools import pairwise

_END = re.compile(
    r"""
    (?<![.?!]) [.?!]++ (?: ["'”’»)\]}] | \[[\w\s]{1,12}\] )*
    (?=\s+ ["'“‘«(\[{]* \w)
    """,
    re.VERBOSE,
)
_NEXT_WORD = re.compile(r"\w+")
_OPENING = "\"'“‘«([{"
# No title, month or acronym is longer.
_LONGEST_WORD = 64
_TITLES_LIST = (
    "Mr Mrs Ms Dr Prof St Gen Col Maj Capt Lt Cmdr Adm Sgt Cpl Rev Hon Gov Sen Rep Pres"
    " Messrs Mme Mlle Fr Mt Ft"
)
_TITLES = frozenset(_TITLES_LIST.split())
_BEFORE_DIGITS_LIST = (
    "jan feb mar apr jun jul aug sep sept oct nov dec no nos vol vols pp p fig figs ch"
    " sec art op c ca approx est b d r"
)
_BEFORE_DIGITS = frozenset(_BEFORE_DIGITS_LIST.split())
_INSIDE_LIST = "vs v cf e.g i.e viz a.k.a al"
_INSIDE = frozenset(_INSIDE_LIST.split())
_STARTERS_LIST = (
    "A An And As At Because Both But By For From He Her His However I If In It Its"
    " Many Most Of On One Other She Since So Some That The Their There These They This"
    " Those Thus To We When Where While With You"
)
_STARTERS = frozenset(_STARTERS_LIST.split())


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Begin and end of each sentence, in order, without outer white space.

    >>> text = 'He met Dr. J. Smith in Oct. 1990.[2] "Why?" Nobody knows.'
    >>> [text[begin:end] for begin, end in sentence_spans(text)]
    ['He met Dr. J. Smith in Oct. 1990.[2]', '"Why?"', 'Nobody knows.']
    """
    borders = [0]
    for line in re.finditer(r"[^\n]+", text):
        borders.append(line.start())
        for match in _END.finditer(text, line.start(), line.end()):
            following = _NEXT_WORD.search(text, match.end())
            if following is None or following.group()[0].islower():
                continue
            word = _last_word(text, line.start(), match.end())
            if not _is_inside(word, following.group()):
                borders.append(match.end())
    borders.append(len(text))
    found = []
    for start, end in pairwise(borders):
        kept = text[start:end].strip()
        if kept:
            begin = text.index(kept, start)
            found.append((begin, begin + len(kept)))
    return found


def _last_word(text: str, begin: int, end: int) -> str:
    """What stands between white space and a full stop at the end, or ""."""
    if text[end - 1] != ".":
        return ""
    start = end - 1
    while start > begin and not text[start - 1].isspace():
        start -= 1
        if end - start > _LONGEST_WORD:
            return ""
    return text[start : end - 1]


def _is_inside(last: str, following: str) -> bool:
    """Whether a full stop behind a word, another to come, is inside of a sentence."""
    word = last.lstrip(_OPENING)
    if word in _TITLES or word.lower() in _INSIDE:
        return True
    if word.lower() in _BEFORE_DIGITS and following[0].isdigit():
        return True
    is_initial = len(word) == 1 and word.isalpha() and word.isupper()
    parts = [part for part in word.split(".") if part]
    is_acronym = "." in word and all(len(one) == 1 and one.isalpha() for one in parts)
    return (is_initial or is_acronym) and following not in _STARTERS
