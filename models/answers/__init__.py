"""Models that tell whether a sentence answers a question, behind one seam.

`load` gives the scorer of a model folder; the folder says which method it is. A
scorer is factored: it encodes each text once and does only what needs both texts for
each pair. A method that can't be factored encodes nothing and does all in `score`.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from models.checkpoint import ModelError, read_card


class AnswerScorer(Protocol):
    """A loaded model on one device."""

    name: str
    fingerprint: str
    threshold: float

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text as the model reads it, at least 1, [n]."""

    def encode_questions(self, texts: Sequence[str]) -> Any:
        """All that depends on these questions alone."""

    def encode_sentences(self, texts: Sequence[str]) -> Any:
        """All that depends on these sentences alone."""

    def concat(self, parts: Sequence[Any], places: np.ndarray) -> Any:
        """Encoded texts of several calls as one.

        Args:
            parts: From one of the encoders.
            places: Place of each text in the result, in the order of the parts.
        """

    def score(
        self,
        questions: Any,
        sentences: Any,
        pair_question: np.ndarray,
        pair_sentence: np.ndarray,
    ) -> np.ndarray:
        """Probability that the sentence answers the question, float32 [n_pairs].

        Args:
            questions: From `concat`.
            sentences: From `concat`.
            pair_question: Place of each pair's question, [n_pairs].
            pair_sentence: Place of each pair's sentence, [n_pairs].
        """


def load(folder: str, *, device: str, precision: str) -> AnswerScorer:
    """The scorer of a model folder.

    Args:
        folder: A model folder.
        device: Of torch, such as cpu or cuda:0.
        precision: fp32, or bf16 or fp16 where the device is a GPU; a CPU runs fp32.

    Raises:
        ModelError: The folder is not what its fingerprint says, or of no known method.
    """
    card = read_card(folder)
    if card.name == "qar-net":
        from models.answers import qar_net_scorer

        return qar_net_scorer.load(card, device=device, precision=precision)
    raise ModelError(f"{folder}: method {card.name!r}, expected qar-net")
