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
from typing import Any

import torch
from torch import Tensor, nn

from models.attributes.examples import Examples, Recipe, Report, Span, Trained
from models.attributes.extractor import Extracted
from models.extraction import normalised

_WORD = re.compile(r"\w+|[^\w\s]")
_BETWEEN = "\t"


@dataclass(frozen=True)
class Text:
    """A text with an attribute."""

    example: int
    context: str
    attribute: str

    def __len__(self) -> int:
        return max(1, len(_WORD.findall(self.context)))


@dataclass(frozen=True)
class _Match:
    place: int
    span: Span


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
        match = self.longest(text.context, text.attribute)
        if match is None:
            return Extracted(text.example, None, -math.inf)
        n_found, n_right = (
            int(counts[match.place]) for counts in (self.n_found, self.n_right)
        )
        share = (n_right + 1) / (n_found + 2)
        return Extracted(text.example, match.span, math.log(share / (1 - share)))

    def longest(self, context: str, attribute: str) -> _Match | None:
        """The longest known value in characters; of two as long the first."""
        of_first = self._values.get(normalised(attribute), {})
        found = [(word.group(), word.span()) for word in _WORD.finditer(context)]
        words = [word.lower() for word, _ in found]
        best: _Match | None = None
        for start, word in enumerate(words):
            for parts, place in of_first.get(word, []):
                end = start + len(parts)
                if tuple(words[start:end]) != parts:
                    continue
                span = found[start][1][0], found[end - 1][1][1]
                if best is None or span[1] - span[0] > best.span[1] - best.span[0]:
                    best = _Match(place, span)
        return best


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Collect the values and count; the recipe changes nothing."""
    examples.check()
    asked = examples.training
    values = asked.values()
    lines = dict.fromkeys(
        _BETWEEN.join((normalised(attribute), normalised(value)))
        for attribute, value in zip(asked.attributes, values, strict=True)
        if value is not None and _WORD.search(value)
    )
    words = tuple(lines)
    network = Gazetteer(words)
    for context, attribute, value in zip(
        asked.contexts, asked.attributes, values, strict=True
    ):
        match = network.longest(context, attribute)
        if match is not None:
            network.n_found[match.place] += 1
            found = context[match.span[0] : match.span[1]]
            is_right = value is not None and normalised(found) == normalised(value)
            network.n_right[match.place] += int(is_right)
    return Trained(network.eval(), {}, words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Gazetteer:
    """The network of a model folder, before its weights."""
    return Gazetteer(words)
