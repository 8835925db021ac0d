"""Words that two texts share: stems, their rarity, BM25 and overlap of pairs.

BM25 (Robertson, Zaragoza 2009) of a question and a sentence, with the document
frequencies of the training sentences:

    sum over distinct t of Q: idf(t) tf (k1 + 1) / (tf + k1 (1 - b + b |S| / avg))
    idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5))

Stems are Porter's, stop words are left out of both. A stem that no training sentence
has still matches itself: its id is a hash, its idf that of df = 0.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import log

import torch
from nltk.stem.porter import PorterStemmer
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from torch import Tensor, nn

_WORD = re.compile(r"\w+")
_N_UNKNOWN = 1 << 20  # ids fit into the whole numbers of fp32
_PAD = 0
_K1, _B = 1.2, 0.75
_stem = lru_cache(maxsize=100_000)(PorterStemmer().stem)


def terms(text: str) -> list[str]:
    """Stems of a text without stop words.

    >>> terms("Does it fit the 30 inch stoves?")
    ['doe', 'fit', '30', 'inch', 'stove']
    """
    return [
        str(_stem(word))
        for word in _WORD.findall(text.lower())
        if word not in ENGLISH_STOP_WORDS
    ]


class Terms(nn.Module):
    """Stems with their rarity in a collection of sentences."""

    idf: Tensor
    average: Tensor

    def __init__(self, words: Sequence[str]) -> None:
        """Build with zero rarities; `fit` or saved weights fill them.

        Args:
            words: Known stems.
        """
        super().__init__()
        self.words = tuple(words)
        self._ids = {word: place for place, word in enumerate(words, start=1)}
        # Last: that of a stem which no sentence of the collection has.
        self.register_buffer("idf", torch.zeros(len(words) + 2))
        self.register_buffer("average", torch.tensor(1.0))

    @classmethod
    def fit(cls, sentences: Sequence[str]) -> "Terms":
        """Rarities and mean length of distinct sentences."""
        texts = [terms(text) for text in dict.fromkeys(sentences)]
        found = Counter(word for text in texts for word in set(text))
        made = cls(sorted(found))
        n_texts = len(texts)
        for place, word in enumerate(made.words, start=1):
            made.idf[place] = _idf(found[word], n_texts)
        made.idf[-1] = _idf(0, n_texts)
        made.average.fill_(sum(map(len, texts)) / max(1, n_texts))
        return made

    def read(self, texts: Sequence[str], max_terms: int) -> Tensor:
        """Ids of the stems, 0 at pads, [B, L]; L is at least 1."""
        rows = [
            [self._id(word) for word in terms(text)[:max_terms]] or [_PAD]
            for text in texts
        ]
        length = max(map(len, rows))
        padded = [row + [_PAD] * (length - len(row)) for row in rows]
        return torch.tensor(padded, device=self.idf.device)

    def _id(self, word: str) -> int:
        unknown = len(self.words) + 1 + zlib.crc32(word.encode()) % _N_UNKNOWN
        return self._ids.get(word, unknown)

    def rarity(self, ids: Tensor) -> Tensor:
        """Idf of each stem, 0 at pads; the shape of `ids`."""
        found: Tensor = self.idf[ids.clamp(max=len(self.idf) - 1)]
        return found

    def bm25(self, questions: Tensor, sentences: Tensor) -> Tensor:
        """BM25 of pairs of ids [B, N] and [B, M], [B]."""
        frequency = _same(questions, sentences).sum(dim=2)  # [B, N]
        length = (sentences != _PAD).sum(dim=1, keepdim=True)
        norm = _K1 * (1 - _B + _B * length / self.average.clamp(min=1))
        gain = frequency * (_K1 + 1) / (frequency + norm)
        return (self._distinct(questions) * gain).sum(dim=1)

    def overlap(self, questions: Tensor, sentences: Tensor) -> Tensor:
        """Share of the question's distinct stems in the sentence, [B, 2].

        Counted plainly, and weighted by rarity; 0 of a question without stems.
        """
        is_shared = _same(questions, sentences).any(dim=2)
        weight = self._distinct(questions)
        plain = (weight > 0).float()
        return torch.stack(
            [
                (one * is_shared).sum(dim=1) / one.sum(dim=1).clamp(min=1e-6)
                for one in (plain, weight)
            ],
            dim=1,
        )

    def _distinct(self, questions: Tensor) -> Tensor:
        """Idf at the first place of each stem, else 0, [B, N]."""
        earlier = torch.ones(
            questions.shape[1], questions.shape[1], device=questions.device
        ).tril(-1)
        is_repeat = (_same(questions, questions) * earlier).any(dim=2)
        return self.rarity(questions) * ~is_repeat


def _same(first: Tensor, second: Tensor) -> Tensor:
    """Where stems are equal and no pads, [B, N, M]."""
    is_same = first.unsqueeze(2) == second.unsqueeze(1)
    return is_same & (first != _PAD).unsqueeze(2)


def _idf(n_with: int, n_texts: int) -> float:
    return log(1 + (n_texts - n_with + 0.5) / (n_with + 0.5))
