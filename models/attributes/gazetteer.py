"""Gazetteer: the longest known value of the attribute that stands in the text.

What one would write first, and strong on values that were seen in training; it finds
no other. Words are compared without case; a value begins and ends at a word's border.
The logit of a value is that of its smoothed precision on the training texts,

    p = (n_right + 1) / (n_found + 2),

so that a word that is rarely meant as a value is not taken for one.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from models.attributes.examples import Examples, Recipe, Report, Span, Trained
from models.attributes.extractor import Extracted
from models.extraction import normalised, outcome

_WORD = re.compile(r"\w+|[^\w\s]")
_BETWEEN = "\t"
# All attributes of a text are asked one behind the other.
_TEXTS = 256


@dataclass(frozen=True)
class Text:
    """A text with an attribute."""

    example: int
    context: str
    attribute: str

    def __len__(self) -> int:
        return max(1, len(_WORD.findall(self.context)))


@dataclass(frozen=True)
class Match:
    """A known value in a text.

    Attributes:
        place: Of the value among those that are known.
        span: Its characters.
    """

    place: int
    span: Span

    @property
    def length(self) -> int:
        """Characters."""
        return self.span[1] - self.span[0]


class Gazetteer(nn.Module):
    """Known values, and how often each was found and was right in training."""

    n_found: Tensor
    n_right: Tensor

    def __init__(self, words: Sequence[str]) -> None:
        """Take lines of attribute, tab, value."""
        super().__init__()
        self.register_buffer("n_found", torch.zeros(len(words), dtype=torch.long))
        self.register_buffer("n_right", torch.zeros(len(words), dtype=torch.long))
        self._values: dict[str, dict[str, list[tuple[tuple[str, ...], int]]]] = {}
        for place, line in enumerate(words):
            attribute, _, value = line.partition(_BETWEEN)
            parts = tuple(_WORD.findall(value))
            of_first = self._values.setdefault(attribute, {})
            of_first.setdefault(parts[0], []).append((parts, place))

    def windows(self, contexts: Sequence[str], attributes: Sequence[str]) -> list[Text]:
        """Each text whole."""
        return [
            Text(place, context, attribute)
            for place, (context, attribute) in enumerate(
                zip(contexts, attributes, strict=True)
            )
        ]

    def extract(self, windows: Sequence[Text]) -> list[Extracted]:
        """The longest known value of each text."""
        return [self._of(one) for one in windows]

    def _of(self, text: Text) -> Extracted:
        found = self.matches(text.context, text.attribute)
        if not found:
            return Extracted(text.example, None, -math.inf)
        precision, _ = self.evidence(found[0].place)
        return Extracted(text.example, found[0].span, precision)

    def evidence(self, place: int) -> tuple[float, float]:
        """Log-odds of a known value's precision, and log (1 + n_right)."""
        n_right = int(self.n_right[place])
        n_wrong = int(self.n_found[place]) - n_right
        return math.log((n_right + 1) / (n_wrong + 1)), math.log1p(n_right)

    def knows(self, attribute: str) -> bool:
        """Whether any value of the attribute is known."""
        return normalised(attribute) in self._values

    def matches(self, context: str, attribute: str) -> list[Match]:
        """Known values in the text, the longest first; of two as long the first."""
        of_first = self._values.get(normalised(attribute), {})
        if not of_first:
            return []
        words, spans = _words(context)
        matches = []
        for start, word in enumerate(words):
            for parts, place in of_first.get(word, []):
                end = start + len(parts)
                if words[start:end] == parts:
                    span = spans[start][0], spans[end - 1][1]
                    matches.append(Match(place, span))
        return sorted(matches, key=lambda one: -one.length)


@lru_cache(maxsize=_TEXTS)
def _words(text: str) -> tuple[tuple[str, ...], tuple[Span, ...]]:
    found = list(_WORD.finditer(text))
    return tuple(one.group().lower() for one in found), tuple(
        one.span() for one in found
    )


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Collect the values and count; the recipe changes nothing."""
    examples.check()
    asked = examples.training
    values = asked.values()
    lines = dict.fromkeys(
        _BETWEEN.join((normalised(attribute), normalised(value)))
        for attribute, right in zip(asked.attributes, values, strict=True)
        for value in right
        if _WORD.search(value)
    )
    words = tuple(lines)
    network = Gazetteer(words)
    for context, attribute, right in zip(
        asked.contexts, asked.attributes, values, strict=True
    ):
        for match in network.matches(context, attribute)[:1]:
            network.n_found[match.place] += 1
            found = context[match.span[0] : match.span[1]]
            network.n_right[match.place] += outcome(right, found).right
    return Trained(network.eval(), {}, words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Gazetteer:
    """The network of a model folder, before its weights."""
    return Gazetteer(words)
