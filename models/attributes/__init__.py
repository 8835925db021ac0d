"""Models that find the value of an attribute in a product's text, behind one seam.

Each method is a module with `train(examples, recipe, report)` and
`build(config, words)`. `load` gives the extractor of a model folder; the folder says
which method it is. An extractor cuts texts into windows and finds the best value of
each window; the surest window of a text is its answer.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from models.checkpoint import method_of, network_of

if TYPE_CHECKING:
    from models.attributes.examples import Examples, Recipe, Report, Trained
    from models.attributes.extractor import Extracted

METHODS = (
    "gazetteer",
    "bilstm",
    "bilstm-crf",
    "opentag",
    "suopentag",
    "encoder-crf",
    "qa",
    "qa-mlm",
    "qa-cls",
    "aveqa",
    "combined",
)
WITHOUT_ENCODER = ("gazetteer",)
PRECISIONS = ("fp32", "bf16", "fp16", "int8")


class Window(Protocol):
    """A stretch of a text with an attribute; its length is what a model reads."""

    @property
    def example(self) -> int:
        """Place of the example."""

    def __len__(self) -> int: ...


class AttributeExtractor(Protocol):
    """A loaded model on one device."""

    name: str
    fingerprint: str
    threshold: float

    def windows(
        self, contexts: Sequence[str], attributes: Sequence[str]
    ) -> Sequence[Window]:
        """What the model reads of some examples; at least one window each."""

    def extract(self, windows: Sequence[Any]) -> "list[Extracted]":
        """The best value of each window, in fp32 logits."""

    def score(self, logit: float) -> float:
        """Calibrated probability that a value of that logit is right."""


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
        NotTrainableError: The examples hold no value.
    """
    found: Trained = method_of(__name__, name).train(examples, recipe, report)
    return found


def load(folder: str, *, device: str, precision: str) -> AttributeExtractor:
    """The extractor of a model folder.

    Args:
        folder: A model folder.
        device: Of torch, such as cpu or cuda:0.
        precision: Of `PRECISIONS`: bf16 and fp16 are fp32 on a device without units
            for them (`models.precision`); int8 is for encoders on a CPU.

    Raises:
        ModelError: The folder is not what its fingerprint says, of no known method,
            its weights do not fit the sizes of config.json, or the precision is
            not for it.
    """
    from models.attributes.extractor import NetworkExtractor

    card, network = network_of(folder, __name__, METHODS)
    return NetworkExtractor(network, card, device=device, precision=precision)
