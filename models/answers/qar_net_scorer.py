"""A trained QAR-net at work: each text encoded once, then pairs from the caches.

Linear maps commute with attention averages, so the caches of models.md 2.13 are exact:
scores equal those of `QarNet.forward` but for the last bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.answers.qar_net import (
    QarNet,
    QarNetConfig,
    QuestionCache,
    SentenceCache,
    Texts,
    texts_of,
)
from models.checkpoint import Card, ModelError, read_weights, read_words
from models.ragged import Ragged
from models.vocabulary import OOV, Vocabulary, tokenise

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class EncodedQuestions:
    """Caches of n questions without padding: U H^Q and W^{<-qa} H^Q side by side."""

    states: Ragged  # [sum of N, 4u]


@dataclass(frozen=True)
class EncodedSentences:
    """Caches of n sentences: H^A and W^{->qa} H^A side by side, and W^r r^R."""

    states: Ragged  # [sum of M, 4u]
    review: Tensor  # [n, 2u]


class QarNetScorer:
    """A trained QAR-net on one device; see `models.answers.AnswerScorer`."""

    def __init__(
        self,
        network: QarNet,
        vocabulary: Vocabulary,
        card: Card,
        *,
        device: str,
        precision: str,
    ) -> None:
        self.name = card.name
        self.fingerprint = card.fingerprint
        self.threshold = card.threshold
        self.network = network.to(device).eval()
        self.vocabulary = vocabulary
        self._device = torch.device(device)
        self._half = _HALF.get(precision) if self._device.type == "cuda" else None

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the model's limit, [n]."""
        limit = self.network.config.max_tokens
        return np.array([min(len(tokenise(text)), limit) for text in texts])

    @torch.inference_mode()
    def encode_questions(self, texts: Sequence[str]) -> EncodedQuestions:
        """The caches of some questions."""
        with self._autocast():
            cache = self.network.encode_questions(self._texts(texts))
        joined = torch.cat([cache.keyed, cache.fused], dim=-1).float()
        return EncodedQuestions(Ragged.of(joined, cache.mask))

    @torch.inference_mode()
    def encode_sentences(self, texts: Sequence[str]) -> EncodedSentences:
        """The caches of some sentences."""
        with self._autocast():
            cache = self.network.encode_sentences(self._texts(texts))
        joined = torch.cat([cache.states, cache.fused], dim=-1).float()
        return EncodedSentences(Ragged.of(joined, cache.mask), cache.review.float())

    def concat(self, parts: Sequence[Any], places: np.ndarray) -> Any:
        """Encoded texts of several calls as one, each at its place."""
        where = torch.as_tensor(places, device=self._device)
        states = Ragged.concat([part.states for part in parts], where)
        if isinstance(parts[0], EncodedQuestions):
            return EncodedQuestions(states)
        review = torch.cat([part.review for part in parts])
        return EncodedSentences(states, review[torch.argsort(where)])

    @torch.inference_mode()
    def score(
        self,
        questions: EncodedQuestions,
        sentences: EncodedSentences,
        pair_question: np.ndarray,
        pair_sentence: np.ndarray,
    ) -> np.ndarray:
        """Probabilities of some pairs, float32 [n_pairs]."""
        asked = torch.as_tensor(pair_question, device=self._device)
        said = torch.as_tensor(pair_sentence, device=self._device)
        asked_states, asked_mask = questions.states.padded(asked)
        said_states, said_mask = sentences.states.padded(said)
        with self._autocast():
            keyed, asked_fused = asked_states.chunk(2, dim=-1)
            states, said_fused = said_states.chunk(2, dim=-1)
            logit = self.network.score_pairs(
                QuestionCache(keyed, asked_fused, asked_mask),
                SentenceCache(states, said_fused, sentences.review[said], said_mask),
            )
        return np.asarray(torch.sigmoid(logit.float()).cpu().numpy(), dtype=np.float32)

    def _texts(self, texts: Sequence[str]) -> Texts:
        limit = self.network.config.max_tokens
        return texts_of(texts, self.vocabulary, limit).to(self._device)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self._device.type,
            dtype=self._half or torch.bfloat16,
            enabled=self._half is not None,
        )


def load(card: Card, *, device: str, precision: str) -> QarNetScorer:
    """The scorer of a QAR-net's folder.

    Raises:
        ModelError: The weights do not fit the sizes of config.json.
    """
    sizes = {field.name for field in fields(QarNetConfig)}
    try:
        config = QarNetConfig(
            **{name: value for name, value in card.config.items() if name in sizes}
        )
        weights = read_weights(card.folder)
        table = weights["vectors.weight"]
        network = QarNet(config, table[OOV + 1 :])
        network.load_state_dict(weights)
    except (TypeError, KeyError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{card.folder}: no QAR-net: {first}") from None
    vocabulary = Vocabulary(read_words(card.folder))
    return QarNetScorer(network, vocabulary, card, device=device, precision=precision)
