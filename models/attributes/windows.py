"""Texts with an attribute as a network reads them: windows of word pieces.

A text is tokenised once, whatever number of attributes is asked of it. Where text and
attribute do not fit, the text is read in windows that share `stride` pieces, so that a
value at a border stands whole in one of them. An attribute is cut where it would take
more than half of a window.

    [CLS] text [SEP] attribute [SEP]        token types 0 ... 0 1 ... 1
    [CLS] text [SEP]                        where the attribute is read apart
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter

import numpy as np
import torch

from models.attributes.examples import Span
from models.encoder import Pieces, Tokens, WordPieces

_MARKS, _MARKS_APART = 3, 2
_LONGEST_ATTRIBUTE = 0.5  # of a window


@dataclass(frozen=True)
class Window:
    """A stretch of one text, with one attribute.

    Attributes:
        example: Place of the example.
        name: Of the attribute, as it was asked for.
        text: Pieces of the whole text.
        first: First piece of the stretch.
        end: Piece behind its last.
        attribute: Ids of the attribute's pieces; None: it is read apart.
    """

    example: int
    name: str
    text: Pieces
    first: int
    end: int
    attribute: tuple[int, ...] | None

    def __len__(self) -> int:
        n_text = self.end - self.first
        if self.attribute is None:
            return n_text + _MARKS_APART
        return n_text + len(self.attribute) + _MARKS

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the stretch's pieces."""
        return self.text.ids[self.first : self.end]

    def characters(self, begin: int, end: int) -> Span:
        """Characters of the pieces from `begin` to `end`, places in the window."""
        first, last = self.first + begin - 1, self.first + end - 1
        return self.text.spans[first][0], self.text.spans[last][1]

    def places(self, span: Span | None) -> tuple[int, int]:
        """First and last piece that cover a span; (0, 0) where it is not whole here."""
        if span is None:
            return 0, 0
        # The first piece that ends behind the span's begin, the last before its end.
        first = bisect_right(self.text.spans, span[0], key=itemgetter(1))
        last = bisect_left(self.text.spans, span[1], key=itemgetter(0)) - 1
        if first > last or first < self.first or last >= self.end:
            return 0, 0
        return first - self.first + 1, last - self.first + 1

    def target(self, span: Span | None) -> tuple[int, int]:
        """`places` of a value; where it is not here, those of the same pieces if any.

        A long text may say its value in more than one window: none of them lacks it.
        """
        here = self.places(span)
        if span is None or here != (0, 0):
            return here
        whole = replace(self, first=0, end=len(self.text.ids)).places(span)
        value = self.text.ids[whole[0] - 1 : whole[1]]
        starts = range(len(self.ids) - len(value) + 1) if whole != (0, 0) else ()
        for start in starts:
            if self.ids[start : start + len(value)] == value:
                return start + 1, start + len(value)
        return 0, 0


class Reader:
    """Cuts texts into windows, and pads windows."""

    def __init__(
        self,
        pieces: WordPieces,
        *,
        max_tokens: int,
        stride: int,
        is_apart: bool = False,
    ) -> None:
        """Take the sizes of a window.

        Args:
            pieces: Of the tokens.
            max_tokens: Of a window, the marks with it.
            stride: Tokens that neighbouring windows share.
            is_apart: Whether the attribute is read apart: all attributes of a text
                then have the same windows.
        """
        self.pieces = pieces
        self.max_tokens = max_tokens
        self.stride = stride
        self.is_apart = is_apart

    def windows(
        self, contexts: Sequence[str], attributes: Sequence[str]
    ) -> list[Window]:
        """All windows of some examples; one without pieces has an empty one."""
        texts = self._pieces(contexts)
        longest = int(self.max_tokens * _LONGEST_ATTRIBUTE)
        asked = {} if self.is_apart else self._pieces(attributes)
        found: list[Window] = []
        for place, (context, name) in enumerate(zip(contexts, attributes, strict=True)):
            ids = asked[name].ids[:longest] if name in asked else None
            found += self._of_one(place, name, texts[context], ids)
        return found

    def _pieces(self, texts: Sequence[str]) -> Mapping[str, Pieces]:
        distinct = list(dict.fromkeys(texts))
        return dict(zip(distinct, self.pieces.plain(distinct), strict=True))

    def _of_one(
        self, place: int, name: str, text: Pieces, asked: tuple[int, ...] | None
    ) -> list[Window]:
        size = self.max_tokens - len(Window(place, name, text, 0, 0, asked))
        step = max(1, size - self.stride)
        n_windows = 1 + max(0, -(-(len(text.ids) - size) // step))
        return [
            Window(place, name, text, first, min(first + size, len(text.ids)), asked)
            for first in range(0, n_windows * step, step)
        ]

    def padded(self, windows: Sequence[Window]) -> "Batch":
        """Windows as tensors, padded to the longest."""
        length = max(len(window) for window in windows)
        ids = np.full((len(windows), length), self.pieces.pad, dtype=np.int64)
        types = np.zeros_like(ids)
        mask = np.zeros(ids.shape, dtype=bool)
        legal = np.zeros(ids.shape, dtype=bool)
        for row, window in enumerate(windows):
            n_text = len(window.ids)
            line = [self.pieces.cls, *window.ids, self.pieces.sep]
            if window.attribute is not None:
                line += [*window.attribute, self.pieces.sep]
            ids[row, : len(line)] = line
            types[row, n_text + 2 : len(line)] = 1
            mask[row, : len(line)] = True
            legal[row, : n_text + 1] = True
        tokens = Tokens(*(torch.from_numpy(one) for one in (ids, mask, types)))
        return Batch(tokens, torch.from_numpy(legal))


@dataclass(frozen=True)
class Batch:
    """Padded windows.

    Attributes:
        tokens: [B, L].
        legal: True at [CLS] and the text's pieces: where a span may begin, [B, L].
    """

    tokens: Tokens
    legal: torch.Tensor

    @cached_property
    def maskable(self) -> torch.Tensor:
        """True at pieces of text and attribute, not at the three marks, [B, L]."""
        mask, types = self.tokens.mask, self.tokens.types
        inside = self.legal.clone()
        inside[:, 0] = False
        # The last piece of the second segment is [SEP].
        lengths = mask.sum(dim=1)
        asked = (types == 1) & mask
        asked[torch.arange(len(mask)), lengths - 1] = False
        return inside | asked

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        return Batch(self.tokens.to(device), self.legal.to(device))
