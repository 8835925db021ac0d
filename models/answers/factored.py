"""Scoring of pairs from texts that are encoded once, the same way for every method.

A network gives a cache of each side alone and a logit of each pair from the two
caches (models.md 2.13). A network that can't be factored keeps the word ids as the
cache and does all the work in `score_pairs`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from models.answers.attention import Attention
from models.encoder import cast_encoders
from models.precision import half_of
from models.ragged import Ragged

_TEXTS_AT_ONCE, _PAIRS_AT_ONCE = 256, 1024


@dataclass(frozen=True)
class Cache:
    """All that depends on one side of some pairs.

    Attributes:
        states: Of every token, [B, L, D]; None where a method needs none.
        mask: True at real tokens, [B, L]; None without states.
        vector: Of the whole text, [B, E]; None where a method needs none.
    """

    states: Tensor | None = None
    mask: Tensor | None = None
    vector: Tensor | None = None

    @property
    def tokens(self) -> tuple[Tensor, Tensor]:
        """States and mask of a method that keeps them."""
        assert self.states is not None
        assert self.mask is not None
        return self.states, self.mask

    @property
    def whole(self) -> Tensor:
        """Vector of a method that keeps one."""
        assert self.vector is not None
        return self.vector


class Network(Protocol):
    """What a method's `nn.Module` offers to be scored with."""

    def read(self, texts: Sequence[str]) -> Any:
        """Texts as the network's own tensors, on its device."""

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text as the network reads it, at least 1, [n]."""

    def encode_questions(self, texts: Any) -> Cache:
        """Caches of questions, as `read` gives them."""

    def encode_sentences(self, texts: Any) -> Cache:
        """Caches of sentences, as `read` gives them."""

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits of pairs, row by row, [B]."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """The weights."""

    def eval(self) -> Any:
        """Switch dropout off."""

    def to(self, device: str) -> Any:
        """Move to a device, in place."""

    def modules(self) -> Iterable[nn.Module]:
        """The network and all parts of it."""


@dataclass(frozen=True)
class Encoded:
    """Caches of n texts, without padding."""

    states: Ragged | None
    vectors: Tensor | None

    @classmethod
    def of(cls, cache: Cache) -> "Encoded":
        """From padded caches; halves become fp32, ids stay whole numbers."""
        states = vectors = None
        if cache.states is not None and cache.mask is not None:
            states = Ragged.of(_full(cache.states), cache.mask)
        if cache.vector is not None:
            vectors = _full(cache.vector)
        return cls(states, vectors)

    def rows(self, places: Tensor) -> Cache:
        """Some texts, padded."""
        states = mask = vector = None
        if self.states is not None:
            states, mask = self.states.padded(places)
        if self.vectors is not None:
            vector = self.vectors[places]
        return Cache(states, mask, vector)


def _full(values: Tensor) -> Tensor:
    return values.float() if values.is_floating_point() else values


class FactoredScorer:
    """A trained network on one device; see `models.answers.AnswerScorer`.

    The probability is sigmoid(slope * logit + offset), Platt's calibration; slope 1
    and offset 0 are the network's own. In 16-bit numbers (`models.precision`) a GPU
    computes everything, a CPU the layers of pretrained encoders, which are cast.
    """

    def __init__(
        self,
        network: Network,
        *,
        name: str,
        fingerprint: str = "",
        threshold: float = 0.5,
        calibration: tuple[float, float] = (1.0, 0.0),
        device: str = "cpu",
        precision: str = "fp32",
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.threshold = threshold
        self.calibration = calibration
        self.network = network
        network.to(device)
        network.eval()
        self._device = torch.device(device)
        self._half = half_of(precision, self._device)
        if self._half is not None:
            cast_encoders(network.modules(), self._half)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the model's limit, [n]."""
        return self.network.lengths(texts)

    @torch.inference_mode()
    def encode_questions(self, texts: Sequence[str]) -> Encoded:
        """The caches of some questions."""
        with self._autocast():
            return Encoded.of(self.network.encode_questions(self.network.read(texts)))

    @torch.inference_mode()
    def encode_sentences(self, texts: Sequence[str]) -> Encoded:
        """The caches of some sentences."""
        with self._autocast():
            return Encoded.of(self.network.encode_sentences(self.network.read(texts)))

    def concat(self, parts: Sequence[Encoded], places: np.ndarray) -> Encoded:
        """Encoded texts of several calls as one, each at its place."""
        where = torch.as_tensor(places, device=self._device)
        found = [part.states for part in parts if part.states is not None]
        states = Ragged.concat(found, where) if found else None
        whole = [part.vectors for part in parts if part.vectors is not None]
        vectors = torch.cat(whole)[torch.argsort(where)] if whole else None
        return Encoded(states, vectors)

    @torch.inference_mode()
    def score(
        self,
        questions: Encoded,
        sentences: Encoded,
        pair_question: np.ndarray,
        pair_sentence: np.ndarray,
    ) -> np.ndarray:
        """Probabilities of some pairs, float32 [n_pairs]."""
        asked = torch.as_tensor(pair_question, device=self._device)
        said = torch.as_tensor(pair_sentence, device=self._device)
        with self._autocast():
            logit = self.network.score_pairs(
                questions.rows(asked), sentences.rows(said)
            )
        slope, offset = self.calibration
        calibrated = torch.sigmoid(slope * logit.float() + offset)
        return np.asarray(calibrated.cpu().numpy(), dtype=np.float32)

    @torch.inference_mode()
    def attention_of(self, question: str, sentence: str) -> Attention:
        """Where the network looks in a pair."""
        network: Any = self.network
        found: Attention = network.attention_of(question, sentence)
        return found

    def _autocast(self) -> torch.autocast:
        is_half = self._half is not None and self._device.type == "cuda"
        return torch.autocast(self._device.type, self._half, enabled=is_half)


def probabilities(
    network: Network, questions: Sequence[str], texts: Sequence[str]
) -> np.ndarray:
    """The network's own probability of each pair, float32 [n]."""
    logits = torch.from_numpy(logits_of(network, questions, texts))
    return np.asarray(torch.sigmoid(logits).numpy())


def logits_of(
    network: Network, questions: Sequence[str], texts: Sequence[str]
) -> np.ndarray:
    """The network's logit of each pair, float32 [n]."""
    return of_pairs(network, questions, texts, network.score_pairs)


@torch.inference_mode()
def of_pairs(
    network: Network,
    questions: Sequence[str],
    texts: Sequence[str],
    work: Callable[[Cache, Cache], Tensor],
    encode: Callable[[Sequence[str]], Cache] | None = None,
) -> np.ndarray:
    """What `work` makes of the caches of each pair, float32 [n, ...].

    Each distinct text is encoded once; dropout is off.

    Args:
        network: Of the caches.
        questions: Of the pairs, [n].
        texts: Of the pairs, [n].
        work: Gives [B, ...] of B pairs.
        encode: Gives the caches of either side; None: as the network encodes them.
    """
    scorer = FactoredScorer(network, name="", device=_device_of(network))
    asked, of_question = _distinct(questions)
    said, of_text = _distinct(texts)
    encoded_questions, encoded_texts = (
        _encoded(scorer, side, other if encode is None else _of(encode))
        for side, other in (
            (asked, scorer.encode_questions),
            (said, scorer.encode_sentences),
        )
    )
    order = np.argsort(scorer.lengths(said)[of_text], kind="stable")
    parts = []
    for start in range(0, len(order), _PAIRS_AT_ONCE):
        places = torch.from_numpy(order[start : start + _PAIRS_AT_ONCE])
        of_both = (
            encoded_questions.rows(torch.from_numpy(of_question)[places]),
            encoded_texts.rows(torch.from_numpy(of_text)[places]),
        )
        parts.append(work(*of_both).float().cpu().numpy())
    found = np.concatenate(parts)
    return np.asarray(found[np.argsort(order)])


def _of(encode: Callable[[Sequence[str]], Cache]) -> Callable[[list[str]], Encoded]:
    return lambda texts: Encoded.of(encode(texts))


def _distinct(texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    places: dict[str, int] = {}
    of_pair = np.array([places.setdefault(text, len(places)) for text in texts])
    return list(places), of_pair


def _encoded(scorer: FactoredScorer, texts: list[str], encode: Any) -> Encoded:
    order = np.argsort(scorer.lengths(texts), kind="stable")
    parts = [
        encode([texts[place] for place in order[start : start + _TEXTS_AT_ONCE]])
        for start in range(0, len(order), _TEXTS_AT_ONCE)
    ]
    return scorer.concat(parts, order)


def _device_of(network: Network) -> str:
    return str(next(iter(network.state_dict().values())).device)
