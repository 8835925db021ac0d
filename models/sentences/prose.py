"""Sentences of an encyclopaedia's prose, by rule, as ReQA needs them (models.md 4.6).

A sentence ends behind `.`, `?` or `!`, with the quotes, brackets and citation marks
that follow, where white space and a capital, a digit or an opening mark come next. It
does not end behind a title, a month or another abbreviation, nor behind an initial or
an acronym with dots. Nothing is learnt: a set gives the same sentences anywhere.
"""

import re
from itertools import pairwise

_END = re.compile(
    r"""[.?!]+ (?: ["'”’»)\]}] | \[[\w\s]{1,12}\] )* (?=\s+ ["'“‘«(\[{]* [^\W_a-z])""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"(\S+)\.$")
_OPENING = "\"'“‘«([{"
_TITLES = (
    "mr mrs ms dr prof st gen col maj capt lt cmdr adm sgt cpl rev hon gov sen rep pres"
    " messrs mme mlle fr sr jr"
)
_DATES = "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun"
_BEFORE_NUMBERS = (
    "no nos vol vols pp p fig figs ch sec art op ed eds vs v ca c cf approx est b d r"
    " mt ft al e.g i.e viz a.k.a"
)
_IN_NAMES = "co inc ltd corp bros dept univ assn ave blvd"
_ABBREVIATIONS = frozenset(
    " ".join([_TITLES, _DATES, _BEFORE_NUMBERS, _IN_NAMES]).split()
)


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
            if not _is_inside(text[line.start() : match.end()]):
                borders.append(match.end())
    borders.append(len(text))
    found = []
    for start, end in pairwise(borders):
        kept = text[start:end].strip()
        if kept:
            begin = text.index(kept, start)
            found.append((begin, begin + len(kept)))
    return found


def _is_inside(before: str) -> bool:
    """Whether a text that ends in a mark stops inside of a sentence."""
    match = _LAST_WORD.search(before)
    if match is None:
        return False
    word = match.group(1).lstrip(_OPENING)
    is_initial = len(word) == 1 and word.isalpha() and word.isupper()
    is_acronym = "." in word and all(len(part) <= 1 for part in word.split("."))
    return is_initial or is_acronym or word.lower() in _ABBREVIATIONS
