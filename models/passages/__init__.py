"""Models that find the passage that answers a question, behind one seam.

Each method is a module with `train(examples, recipe, report)` and
`build(config, words)`. `load` gives the model of a folder; the folder says which method
it is. Those of `VECTOR_METHODS` read each text alone, so that the vectors of a whole
catalogue are made once; all others can only rank the candidates that they are given.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from models.checkpoint import Card, method_of, network_of

if TYPE_CHECKING:
    import numpy as np

    from models.passages.examples import Examples, Recipe, Report, Trained
    from models.passages.lexicon import Lexicon
    from models.passages.model import PassageModel

_KINDS = ("rnn", "gru", "lstm", "transformer", "bert")
VECTOR_METHODS = (
    "minilm-cosine",
    "use-qa",
    "infersent",
    *(f"dual-{kind}" for kind in _KINDS),
    "dual-vae",
    "cross-vae",
    *(f"endx-{kind}" for kind in _KINDS),
    "tuned-cosine",
    "hybrid",
    "endx-hybrid",
    "tuned-hybrid",
)
# Vectors with words beside them: a score is no inner product alone.
HYBRID = ("hybrid", "endx-hybrid", "tuned-hybrid")
METHODS = ("bm25", "bm25-stems", *VECTOR_METHODS, "z-sum", "bert-qa")
WITHOUT_ENCODER = ("bm25", "bm25-stems")
UNTRAINED = (*WITHOUT_ENCODER, "minilm-cosine", "use-qa", "z-sum")
# Their vectors are the packaged MiniLM's, whatever encoder is set.
WITH_PACKAGED = ("minilm-cosine", "hybrid", "z-sum")
# Every pair costs a run of the encoder.
PAIRWISE = ("bert-qa",)
PRECISIONS = ("fp32", "bf16", "fp16")


class Index(Protocol):
    """Candidates that were made ready to be ranked."""

    def scores(self, questions: Sequence[str]) -> "np.ndarray":
        """The higher the better, [n, m]."""


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
        NotTrainableError: There is no question to train on, or to choose by, and the
            method is none of `UNTRAINED`.
    """
    found: Trained = method_of(__name__, name).train(examples, recipe, report)
    return found


def load(folder: str, *, device: str, precision: str) -> "PassageModel":
    """The model of a folder.

    Args:
        folder: A model folder.
        device: Of torch, such as cpu or cuda:0.
        precision: Of `PRECISIONS`; fp32 on a device without units for the others
            (`models.precision`).

    Raises:
        ModelError: The folder is not what its fingerprint says, of no known method,
            or its weights do not fit the sizes of config.json.
    """
    from models.passages.model import PassageModel

    card, network = network_of(folder, __name__, METHODS)
    return PassageModel(network, card, device=device, precision=precision)


def lexicon_of(card: Card) -> "Lexicon | None":
    """The words that a hybrid's vectors have beside them; None: the method has none.

    Raises:
        ModelError: The folder's weights can't be read.
    """
    if card.name not in HYBRID:
        return None
    from models.checkpoint import read_weights
    from models.passages.lexicon import Lexicon

    weights = read_weights(card.folder)
    return Lexicon(
        weights["idf"].numpy(), float(weights["average"]), weights["weights"].numpy()
    )
