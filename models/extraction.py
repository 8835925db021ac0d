"""Measures of values found in texts (models.md 7.4); no value never counts as a hit."""

import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from models.metrics import precision_recall_f1

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(value: str) -> str:
    """Lower case, white space collapsed (models.md 5.13).

    >>> normalised(" Rose  Gold")
    'rose gold'
    """
    return " ".join(value.lower().split())


def squad_normalised(value: str) -> str:
    """As SQuAD compares answers: without punctuation and articles too.

    >>> squad_normalised("The 2.4-GHz")
    '24ghz'
    """
    return normalised(_ARTICLES.sub(" ", value.lower().translate(_PUNCTUATION)))


@dataclass(frozen=True)
class Counts:
    """What became of some examples.

    Attributes:
        right: VC, a value was found and it is the gold one.
        wrong: VW, another value than the gold one was found.
        invented: NV, a value was found where there is none.
        missed: VN, none was found where there is one.
        silent: NN, none was found and there is none.
    """

    right: int = 0
    wrong: int = 0
    invented: int = 0
    missed: int = 0
    silent: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Of both together."""
        return Counts(
            self.right + other.right,
            self.wrong + other.wrong,
            self.invented + other.invented,
            self.missed + other.missed,
            self.silent + other.silent,
        )

    @property
    def n(self) -> int:
        """Examples."""
        return self.right + self.wrong + self.invented + self.missed + self.silent

    @property
    def measures(self) -> tuple[float, float, float]:
        """Precision, recall and F1; a value that is wrong costs both.

        >>> Counts(right=6, wrong=2, invented=2, missed=4, silent=9).measures
        (0.6, 0.5, 0.545454545455)
        """
        return precision_recall_f1(
            self.right, self.wrong + self.invented, self.wrong + self.missed
        )


def outcome(
    gold: Iterable[str],
    found: str | None,
    normalise: Callable[[str], str] = normalised,
) -> Counts:
    """What became of one example.

    Args:
        gold: Values that are right; none: the text has no value.
        found: What was found, None where nothing was.
        normalise: Two values are the same where this makes them so.
    """
    accepted = {normalise(value) for value in gold}
    if found is None:
        return Counts(missed=1) if accepted else Counts(silent=1)
    if not accepted:
        return Counts(invented=1)
    return Counts(right=1) if normalise(found) in accepted else Counts(wrong=1)


def total(counts: Sequence[Counts]) -> Counts:
    """Of all together."""
    return sum(counts, Counts())
