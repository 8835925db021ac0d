"""Which sentences of a product are worth scoring for a question: rules and budgets.

A rule gives each pair a number, higher is better; a budget says how many pairs of a
pool are kept. Every question keeps the same share of its candidates, so that rules
differ in which pairs they keep and not in how many of which question.

A filter such as "shares an AN-word" is the rule whose number is above zero. Beyond its
own size it has nothing to say: what is still wanted is filled up by the tie, at random.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from math import log, log1p

import numpy as np
import torch

from models.lexical import Terms
from models.metrics import paired_bootstrap

Words = Callable[[str], Sequence[str]]
_K1, _B = 1.2, 0.75
_CHUNK = 4096  # pairs of one tensor


@dataclass(frozen=True)
class Asked:
    """A question with its candidates.

    Attributes:
        product_id: What the question is about.
        question: Its text.
        sentences: Different texts.
        labels: 1 answers, 0 does not or is not known to; one of each sentence.
    """

    product_id: str
    question: str
    sentences: tuple[str, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Pool:
    """Questions with their candidates; P pairs of Q questions, in this order."""

    asked: tuple[Asked, ...]

    @cached_property
    def sizes(self) -> np.ndarray:
        """Candidates of each question, [Q]."""
        return np.array([len(one.sentences) for one in self.asked], dtype=np.int64)

    @cached_property
    def groups(self) -> np.ndarray:
        """Place of each pair's question, [P]."""
        return np.repeat(np.arange(len(self.asked)), self.sizes)

    @cached_property
    def labels(self) -> np.ndarray:
        """Label of each pair, [P]."""
        found = [label for one in self.asked for label in one.labels]
        return np.array(found, dtype=np.int64)

    @cached_property
    def ties(self) -> np.ndarray:
        """Rank of a hash of each pair, in [0, P): what decides between equal scores."""
        digests = [
            sha256(f"{one.question}\x1f{text}".encode()).digest()
            for one in self.asked
            for text in one.sentences
        ]
        order = sorted(range(len(digests)), key=digests.__getitem__)
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        return ranks

    @cached_property
    def sentences(self) -> Mapping[str, tuple[str, ...]]:
        """Different sentences of each product."""
        found: dict[str, dict[str, None]] = {}
        for one in self.asked:
            found.setdefault(one.product_id, {}).update(dict.fromkeys(one.sentences))
        return {product: tuple(texts) for product, texts in found.items()}

    def texts(self) -> list[str]:
        """All different texts."""
        questions = dict.fromkeys(one.question for one in self.asked)
        pairs = (text for one in self.asked for text in one.sentences)
        return list(questions | dict.fromkeys(pairs))


def shared_rarity(pool: Pool, words: Words) -> np.ndarray:
    """How rare the shared words are in the product, [P]; 0: no word is shared.

    The order of `pipelines.candidates.noun_candidates`: the sum over the shared words
    of log(1 + sentences of the product / sentences with the word).
    """
    read = _cached(words)

    def scored(asked: Asked, counts: "_Counts") -> Iterable[float]:
        of_question = set(read(asked.question))
        for text in asked.sentences:
            shared = of_question.intersection(read(text))
            yield sum(log1p(counts.n_texts / counts.n_with[word]) for word in shared)

    return _of_products(pool, read, scored)


def bm25_of_words(pool: Pool, words: Words, *, is_by_product: bool) -> np.ndarray:
    """BM25 of words, [P].

    Args:
        pool: P pairs.
        words: Of a text, with repetition.
        is_by_product: Frequencies and mean length of the product's sentences, as the
            nouns' rarity is; else of all the pool's.
    """
    read = _cached(words)

    def scored(asked: Asked, counts: "_Counts") -> Iterable[float]:
        of_question = set(read(asked.question))
        for text in asked.sentences:
            n_of_word = Counter(read(text))
            length = n_of_word.total() / counts.length
            norm = _K1 * (1 - _B + _B * length)
            yield sum(
                counts.idf(word) * n * (_K1 + 1) / (n + norm)
                for word, n in n_of_word.items()
                if word in of_question
            )

    return _of_products(pool, read, scored, is_by_product=is_by_product)


@dataclass(frozen=True)
class _Counts:
    n_texts: int
    n_with: Counter[str]
    length: float

    def idf(self, word: str) -> float:
        n_with = self.n_with[word]
        return log(1 + (self.n_texts - n_with + 0.5) / (n_with + 0.5))


def _of_products(
    pool: Pool,
    read: Words,
    scored: Callable[[Asked, _Counts], Iterable[float]],
    *,
    is_by_product: bool = True,
) -> np.ndarray:
    if is_by_product:
        counts = {
            product: _counts(texts, read) for product, texts in pool.sentences.items()
        }
    else:
        texts = dict.fromkeys(text for one in pool.asked for text in one.sentences)
        counts = dict.fromkeys(pool.sentences, _counts(tuple(texts), read))
    numbers = [
        number for one in pool.asked for number in scored(one, counts[one.product_id])
    ]
    # Sums of the same doubles in another order are the same.
    return np.array(numbers, dtype=np.float64).round(6)


def _counts(texts: Sequence[str], read: Words) -> _Counts:
    found = [read(text) for text in texts]
    return _Counts(
        n_texts=len(texts),
        n_with=Counter(word for one in found for word in set(one)),
        length=max(1.0, sum(map(len, found)) / len(found)),
    )


def _cached(words: Words) -> Words:
    found: dict[str, Sequence[str]] = {}

    def read(text: str) -> Sequence[str]:
        if text not in found:
            found[text] = words(text)
        return found[text]

    return read


@torch.no_grad()
def bm25(pool: Pool, *, max_terms: int) -> np.ndarray:
    """BM25 of stems, with the frequencies of all the pool's sentences, [P]."""
    sentences = list(dict.fromkeys(t for one in pool.asked for t in one.sentences))
    place = {text: number for number, text in enumerate(sentences)}
    terms = Terms.fit(sentences)
    of_sentence = terms.read(sentences, max_terms)
    of_question = terms.read([one.question for one in pool.asked], max_terms)
    ids = torch.tensor([place[t] for one in pool.asked for t in one.sentences])
    groups = torch.from_numpy(pool.groups)
    found = [
        terms.bm25(
            of_question[groups[start : start + _CHUNK]],
            of_sentence[ids[start : start + _CHUNK]],
        )
        for start in range(0, len(ids), _CHUNK)
    ]
    return torch.cat(found).double().numpy().round(6)


def cosine(pool: Pool, vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Cosine of the texts' vectors, which are of length one, [P]."""
    found = [
        np.stack([vectors[text] for text in one.sentences]) @ vectors[one.question]
        for one in pool.asked
    ]
    return np.concatenate(found).astype(np.float64).round(6)


def sum_of_z(pool: Pool, *scores: np.ndarray) -> np.ndarray:
    """Sum of the scores' z-scores among a question's candidates, [P]."""
    found = np.zeros(len(pool.groups))
    for one in scores:
        mean = np.bincount(pool.groups, one) / pool.sizes
        square = np.bincount(pool.groups, (one - mean[pool.groups]) ** 2) / pool.sizes
        spread = np.sqrt(square)[pool.groups]
        away = one - mean[pool.groups]
        # All candidates alike: no opinion.
        found += np.divide(away, spread, out=np.zeros_like(away), where=spread > 1e-9)
    return found.round(6)


def places(pool: Pool, scores: np.ndarray) -> np.ndarray:
    """Place of each pair among its question's, from 0, best first, [P]."""
    order = np.lexsort((pool.ties, -scores, pool.groups))
    first = np.cumsum(pool.sizes) - pool.sizes
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.arange(len(order)) - first[pool.groups[order]]
    return found


def above(pool: Pool, scores: np.ndarray, budget: int) -> np.ndarray:
    """Whether each pair is among the best of all questions together, [P].

    What one threshold keeps: many pairs of one question, none of another.
    """
    order = np.lexsort((pool.ties, -scores))
    kept = np.zeros(len(order), dtype=bool)
    kept[order[:budget]] = True
    return kept


def quotas(sizes: np.ndarray, budget: int) -> np.ndarray:
    """Pairs to keep of each question, [Q]; their sum is the budget.

    The same share of each question's candidates, rounded so that the total is exact:
    rounding each up would keep a pair of every question, which is more than a filter
    that gives many questions nothing keeps in all.

    >>> quotas(np.array([4, 4, 2]), 5).tolist()
    [2, 2, 1]
    >>> quotas(np.array([4, 4, 2]), 2).tolist()
    [0, 1, 1]
    """
    total = np.cumsum(sizes)
    reached = total * budget // total[-1]
    return np.diff(reached, prepend=0)


def best(pool: Pool, place: np.ndarray, budget: int) -> np.ndarray:
    """Whether each pair is among its question's share of the budget, [P]."""
    kept: np.ndarray = place < quotas(pool.sizes, budget)[pool.groups]
    return kept


def hits(pool: Pool, kept: np.ndarray) -> np.ndarray:
    """Positives of each question that are kept, [Q]."""
    weights = (kept & (pool.labels == 1)).astype(np.float64)
    return np.bincount(pool.groups, weights, minlength=len(pool.asked))


def difference(
    pool: Pool, first: np.ndarray, second: np.ndarray, *, n_resamples: int, seed: int
) -> tuple[float, float, float]:
    """Recall of kept pairs less that of others, with a 95 % interval.

    Paired bootstrap: questions are drawn with replacement, for both alike.
    """
    of_first, of_second = hits(pool, first), hits(pool, second)
    positive = hits(pool, np.ones(len(pool.groups), dtype=bool))

    def gain(weights: np.ndarray) -> float:
        gained = float(((of_first - of_second) * weights).sum())
        return gained / max(1.0, float((positive * weights).sum()))

    return paired_bootstrap(len(positive), gain, n_resamples=n_resamples, seed=seed)
