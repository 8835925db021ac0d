"""Models that tell whether a sentence answers a question, behind one seam.

`METHODS` names them all: the paper's, what a practitioner would use instead, and this
project's own. Each is a module with `train(examples, recipe, report)` and
`build(config, words)`. `load` gives the scorer of a model folder; the folder says which
method it is. A scorer is factored: it encodes each text once and does only what needs
both texts for each pair. A method that can't be factored does all in `score`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from models.checkpoint import method_of, network_of

if TYPE_CHECKING:
    from models.answers.attention import Attention
    from models.answers.examples import Examples, Recipe, Report, Trained

PAPER = (
    "qrem",
    "qa-net-qa",
    "qa-net-qr",
    "qa-net-mtl",
    "cqa-hard",
    "nlp-soft",
    "qar-net-qr",
    "qar-net",
)
REFERENCES = (
    "bm25",
    "minilm-cosine",
    "similarity-regression",
    "late-regression",
    "cross-encoder",
    "cross-encoder-qa",
)
METHODS = (*PAPER, *REFERENCES, "late-qar")
WITHOUT_ENCODER = (*PAPER, "bm25")
PRECISIONS = ("fp32", "bf16", "fp16")


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

    def attention_of(self, question: str, sentence: str) -> "Attention":
        """Where a method of `attention.ATTENTIVE` looks in a pair.

        Raises:
            AttributeError: The method has no attention.
        """


def train(
    name: str, examples: "Examples", recipe: "Recipe", report: "Report"
) -> "Trained":
    """Train a method.

    Args:
        name: Of `METHODS`.
        examples: What it may learn from.
        recipe: What changes its result; it takes what it needs.
        report: Called after each epoch.

    Raises:
        NotTrainableError: The examples hold one class alone, or too little.
    """
    found: Trained = method_of(__name__, name).train(examples, recipe, report)
    return found


def load(folder: str, *, device: str, precision: str) -> AnswerScorer:
    """The scorer of a model folder.

    Args:
        folder: A model folder.
        device: Of torch, such as cpu or cuda:0.
        precision: fp32; bf16 or fp16, which are fp32 on a device without units for
            them (`models.precision`).

    Raises:
        ModelError: The folder is not what its fingerprint says, of no known method,
            or its weights do not fit the sizes of config.json.
    """
    from models.answers.factored import FactoredScorer

    card, network = network_of(folder, __name__, METHODS)
    return FactoredScorer(
        network,
        name=card.name,
        fingerprint=card.fingerprint,
        threshold=card.threshold,
        calibration=card.calibration,
        device=device,
        precision=precision,
    )
