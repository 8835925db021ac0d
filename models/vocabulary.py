"""Words: how a text becomes tokens, and tokens become ids.

Tokens are runs of word characters or of other signs (the pattern of NLTK's
WordPunctTokenizer), lower-cased. Id 0 is padding and id 1 an unknown word: two
different ids, unlike the released code of QAR-net (models.md 2.10, item 2).
"""

import gzip
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

PAD, OOV = 0, 1
_TOKEN = re.compile(r"\w+|[^\w\s]+")
_EMPTY = "<empty>"


class VectorsError(ValueError):
    """A file of word vectors can't be read."""


def tokenise(text: str) -> list[str]:
    """Lower-cased tokens of a text, at least one.

    >>> tokenise("Doesn't fit!")
    ['doesn', "'", 't', 'fit', '!']
    >>> tokenise("  ")
    ['<empty>']
    """
    return _TOKEN.findall(text.lower()) or [_EMPTY]


def token_spans(text: str) -> list[tuple[int, int]]:
    """First and last + 1 character of each token of `tokenise`, in the same order.

    An empty text's one token is all of it. A letter that is several in lower case (the
    Turkish dotted capital I) may be of several tokens: their spans overlap.

    >>> token_spans("Doesn't  fit")
    [(0, 5), (5, 6), (6, 7), (9, 12)]
    """
    origin = [place for place, sign in enumerate(text) for _ in sign.lower()]
    found = [
        (origin[match.start()], origin[match.end() - 1] + 1)
        for match in _TOKEN.finditer(text.lower())
    ]
    return found or [(0, len(text))]


@dataclass(frozen=True)
class Vocabulary:
    """Known words in order; the first has id 2.

    Attributes:
        words: Distinct words.
    """

    words: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ids = {word: index for index, word in enumerate(self.words, start=OOV + 1)}
        object.__setattr__(self, "_ids", ids)

    def __len__(self) -> int:
        return len(self.words) + OOV + 1

    def id_of(self, word: str) -> int:
        """Id of a word, `OOV` if it is unknown."""
        return self._ids.get(word, OOV)


def read_vectors(
    path: str, words: Iterable[str] | None = None
) -> tuple[list[str], np.ndarray]:
    """Words and vectors of a GloVe or word2vec text file, gzip or not.

    Args:
        path: One word a line, then its numbers; a first line of two numbers
            (word2vec's count and size) is skipped.
        words: Keep these alone; None keeps all.

    Returns:
        Words in the order of the file, and float32 [n, d].

    Raises:
        VectorsError: A line has another number of values, or a value is no number.
        OSError: The file can't be read.
    """
    wanted = None if words is None else set(words)
    kept: list[str] = []
    rows: list[np.ndarray] = []
    size = 0
    with _opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            first, *rest = line.rstrip().split(" ")
            if number == 1 and len(rest) == 1 and first.isdigit():
                continue
            size = size or len(rest)
            # GloVe's 840B file has a few words with spaces in them.
            word, *values = line.rstrip().rsplit(" ", size)
            if len(values) != size or not size:
                raise VectorsError(
                    f"{path}:{number}: {len(rest)} values, expected {size or 'some'}"
                )
            if wanted is None or word in wanted:
                rows.append(_row(path, number, values))
                kept.append(word)
    if not kept:
        raise VectorsError(f"{path}: no vector, expected a word and numbers a line")
    return kept, np.stack(rows)


def _row(path: str, number: int, values: Sequence[str]) -> np.ndarray:
    try:
        return np.array(values, dtype=np.float32)
    except ValueError as error:
        raise VectorsError(f"{path}:{number}: {error}") from None


def _opened(path: str) -> IO[str]:
    with Path(path).open("rb") as probe:
        is_gzip = probe.read(2) == b"\x1f\x8b"
    if is_gzip:
        return gzip.open(path, "rt", encoding="utf-8")
    return Path(path).open(encoding="utf-8")
