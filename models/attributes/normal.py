"""The canonical form of a value, to compare and to group by.

| value | canonical form |
|---|---|
| a measure, a range, a size | in one unit for each kind: `12 x 8 in` 30.48 x 20.32 cm |
| a number | `1,500` 1500, `two` 2 |
| yes or no | `True` yes |
| a colour of several names | `Navy Blue` navy, `Grey` gray |
| any other text | lower case, no hyphens, outer punctuation or marks: `Wi-Fi®` wi fi |

The raw value is kept elsewhere; this one is for machines.
"""

import re
import unicodedata
from functools import lru_cache

from models.attributes.measures import told
from models.attributes.spellings import SAME_WORDS

# A form is its own form after a few steps; the bound only makes that sure.
_MAX_STEPS = 8
_SAME_VALUES = {
    **dict.fromkeys(("true", "y"), "yes"),
    **dict.fromkeys(("false", "n"), "no"),
    **dict.fromkeys(("navy blue", "dark navy"), "navy"),
    **dict.fromkeys(("blk", "jet black", "pure black", "solid black"), "black"),
    **dict.fromkeys(("wht", "pure white", "snow white", "solid white"), "white"),
    **dict.fromkeys(("assorted colors", "multi", "multi color"), "multicolor"),
    **dict.fromkeys(("multi colored", "multicolored"), "multicolor"),
    **dict.fromkeys(("see through", "transparent"), "clear"),
    "golden": "gold",
    "offwhite": "off white",
    "rosegold": "rose gold",
}
_FRACTIONS = {
    one: f" {numerator}/{denominator}"
    for one, numerator, denominator in (
        ("¼", 1, 4), ("½", 1, 2), ("¾", 3, 4), ("⅓", 1, 3), ("⅔", 2, 3),
        ("⅛", 1, 8), ("⅜", 3, 8), ("⅝", 5, 8), ("⅞", 7, 8),
    )
}  # fmt: skip
# Before NFKC, which makes two primes of a double one and "11/2" of "1½".
_CHARACTERS = str.maketrans(
    {
        **_FRACTIONS,
        **dict.fromkeys("″“”", '"'),
        **dict.fromkeys("′’‘", "'"),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("×✕", "x"),
        **dict.fromkeys("®™©\u00ad\u200b\u200e\u200f\ufeff", None),
    }
)
_OUTER = " .,;:!?*•|-_()[]{}\"'"
_SEPARATORS = re.compile(r"[\s_-]+")
_ABBREVIATION = re.compile(r"(?<=[^\W\d_])\.(?=\s|$)")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")


@lru_cache(maxsize=65_536)
def normal_value(value: str) -> str:
    """The canonical form of a value; that of a canonical form is itself.

    Never empty, but for a blank value.

    >>> normal_value('12" x 8 in.'), normal_value("5 lbs"), normal_value("110-120 Volt")
    ('30.48 x 20.32 cm', '2267.96 g', '110 - 120 v')
    >>> normal_value("Navy-Blue"), normal_value("TRUE"), normal_value("1,500")
    ('navy', 'yes', '1500')
    """
    form = value.strip()
    for _ in range(_MAX_STEPS):
        before, form = form, _step(form) or form
        if form == before:
            break
    return form


def _step(value: str) -> str:
    light = _ABBREVIATION.sub("", _light(value))
    return told(light) or _words(light)


def _light(value: str) -> str:
    """Lower case, plain characters, single spaces; hyphens and punctuation stay."""
    plain = unicodedata.normalize("NFKC", value.translate(_CHARACTERS)).lower()
    return " ".join(plain.translate(_CHARACTERS).split())


def _words(light: str) -> str:
    """Words without hyphens and outer punctuation, each in its common spelling."""
    plain = _APOSTROPHE.sub("", _SEPARATORS.sub(" ", light)).strip(_OUTER)
    words = " ".join(SAME_WORDS.get(word, word) for word in plain.split())
    return _SAME_VALUES.get(words, words)
