"""The words that a question and a passage share, in blocks and without a corpus.

    f(q, a) = w_1 BM25(q, a) + w_2 BM25(q, a) / sum of idf(t) over t in q

BM25 is that of `bm25_stems` (k1 = 1.2, b = 0.75), but a stem that the question repeats
counts once, and the frequencies are those of the passages that the model was fitted on,
so that a score hangs on the two texts alone and not on what else is ranked. A stem that
they lack has the idf of df = 0. Stems are known by a hash; two with the same share a
frequency.

| symbol | name in code | shape |
|---|---|---|
| idf | `idf` | [2^18] |
| mean length | `average` | 1 |
| w | `weights` | [2] |
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

from models.lexical import terms

N_BUCKETS = 1 << 18
_K1, _B = 1.2, 0.75
_COUNTS = HashingVectorizer(
    analyzer=terms, n_features=N_BUCKETS, norm=None, alternate_sign=False
)


@dataclass(frozen=True)
class Lexicon:
    """How rare stems are, and what their match counts.

    Attributes:
        idf: Of each bucket, [N_BUCKETS].
        average: Mean number of stems of a passage, above 0.
        weights: Of BM25, and of its share of the highest that the question allows.
    """

    idf: np.ndarray
    average: float
    weights: np.ndarray

    @classmethod
    def fit(cls, passages: Sequence[str]) -> "Lexicon":
        """Frequencies of distinct passages; both weights are 0."""
        distinct = [*dict.fromkeys(passages)]
        counts = _COUNTS.transform(distinct)
        found = np.bincount(counts.indices, minlength=N_BUCKETS)
        idf = np.log1p((len(distinct) - found + 0.5) / (found + 0.5))
        average = counts.sum() / max(1, len(distinct))
        return cls(idf.astype(np.float32), max(1.0, float(average)), np.zeros(2))

    def read(self, passages: Sequence[str]) -> csr_matrix:
        """What each stem adds to its passage's BM25 but for its idf, [m, N_BUCKETS]."""
        said = csr_matrix(_COUNTS.transform(passages), dtype=np.float64)
        length = np.asarray(said.sum(axis=1)).ravel()
        norm = _K1 * (1 - _B + _B * length / self.average)
        said.data = said.data / (said.data + np.repeat(norm, np.diff(said.indptr)))
        return said

    def features(self, questions: Sequence[str], said: csr_matrix) -> np.ndarray:
        """Both terms of all pairs without their weights, fp64 [2, n, m].

        Args:
            questions: [n].
            said: Passages as `read` gives them.
        """
        asked = csr_matrix(_COUNTS.transform(questions), dtype=np.float64)
        # Whatever a stem's count: it weighs once.
        asked.data = self.idf[asked.indices].astype(np.float64)
        table = (asked @ said.T).toarray()
        highest = np.asarray(asked.sum(axis=1))
        share = np.divide(table, highest, out=np.zeros_like(table), where=highest > 0)
        return np.stack([table, share])

    def scores(self, questions: Sequence[str], said: csr_matrix) -> np.ndarray:
        """The sum f of all pairs, fp64 [n, m]; no pair's hangs on the others."""
        plain, share = self.features(questions, said)
        found: np.ndarray = self.weights[0] * plain + self.weights[1] * share
        return found
