"""What every attribute model is trained from, and what a training gives."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.training import NotTrainableError
from models.training import Report as Report
from models.training import Trained as Trained

Span = tuple[int, int]


@dataclass(frozen=True)
class Asked:
    """An attribute asked of some texts, example by example.

    Attributes:
        contexts: Text of each example.
        attributes: Name of the attribute asked for.
        spans: Characters of its value in the text, the first one; None: no value.
        products: What is one product, so that a batch of draws keeps it together.
        accepted: All values that are right, in any spelling; of none given it is the
            text at `spans`.
    """

    contexts: Sequence[str]
    attributes: Sequence[str]
    spans: Sequence[Span | None]
    products: Sequence[str] = ()
    accepted: Sequence[tuple[str, ...]] = ()

    def __len__(self) -> int:
        return len(self.contexts)

    def values(self) -> list[tuple[str, ...]]:
        """The values that are right for each example; of none it has no value."""
        if self.accepted:
            return list(self.accepted)
        return [
            () if span is None else (context[span[0] : span[1]],)
            for context, span in zip(self.contexts, self.spans, strict=True)
        ]

    def at(self, places: Sequence[int]) -> "Asked":
        """Some of the examples."""
        return Asked(
            contexts=[self.contexts[place] for place in places],
            attributes=[self.attributes[place] for place in places],
            spans=[self.spans[place] for place in places],
            products=_at(self.products, places),
            accepted=_at(self.accepted, places),
        )


def _at(column: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Some entries of a column that may be left out."""
    return [column[place] for place in places] if column else ()


@dataclass(frozen=True)
class Examples:
    """Everything a method may learn from.

    Attributes:
        training: To train on.
        validation: Of other products, to choose by.
    """

    training: Asked
    validation: Asked

    def check(self) -> None:
        """Both parts must hold a value.

        Raises:
            NotTrainableError: One of them holds none.
        """
        for name, part in (
            ("training", self.training),
            ("validation", self.validation),
        ):
            if all(span is None for span in part.spans):
                raise NotTrainableError(
                    f"{len(part)} {name} examples hold no value, expected some: give"
                    " more labelled products"
                )


@dataclass(frozen=True)
class Recipe:
    """Everything of a training that changes its result; a method takes what it needs.

    Attributes:
        seed: Of weights, order, masks and dropout.
        encoder: Folder or hub id of a pretrained encoder; None: the packaged MiniLM.
        max_tokens: Of a window: text, attribute and the three marks.
        stride: Tokens that neighbouring windows share.
        learning_rate: Of the encoder.
        head_learning_rate: Of the layers on top.
        warm_up: Share of the steps in which the rates rise; then they fall to zero.
        batch_size: Examples.
        max_epochs: Of a fine-tuning, see `epochs_and_patience`.
        min_steps: Of a fine-tuning, see `epochs_and_patience`.
        patience: Epochs without a better validation F1; likewise.
        max_seconds: After which to stop, at the end of an epoch.
        alpha: Weight of the distilled masked language model.
        beta: Weight of the no-answer classifier.
        temperature: T of the distillation.
        is_literal_head: The linear end head as printed, which does not see the begin.
        is_literal_direction: The printed direction of the distillation.
        is_single_pass: All losses from one masked pass.
        mask_share: Of the tokens, for the distillation.
        mlm_epochs: Of fitting a masked-LM head to an encoder that has none.
        mlm_heads: Folder where fitted heads are kept; None: each is fitted anew.
        is_forgetting_measured: Whether the distillation loss on validation texts is
            told after each epoch of a fine-tuning, as phase "forgetting", also of one
            that does not distil; dropout draws other numbers then.
        dropout: Of the encoder while it is trained.
        precision: fp32 or bf16, in which its layers multiply then, and until the
            network is saved.
        hidden_size: Units of an LSTM in each direction.
        lstm_dropout: Of an LSTM's inputs and states.
        attention_size: Units of OpenTag's self-attention.
        tagger_learning_rate: Of a tagger over frozen vectors; stays as it is.
        tagger_batch_size: Its examples: an attribute of its own has few, so that larger
            batches leave too few steps.
        tagger_epochs: Of such a tagger.
        tagger_patience: Epochs of it without a better validation F1.
        min_values: Training values without which an attribute gets no tagger of its
            own and never finds a value.
    """

    seed: int
    encoder: str | None
    max_tokens: int
    stride: int
    learning_rate: float
    head_learning_rate: float
    warm_up: float
    batch_size: int
    max_epochs: int
    min_steps: int
    patience: int
    max_seconds: float
    alpha: float
    beta: float
    temperature: float
    is_literal_head: bool
    is_literal_direction: bool
    is_single_pass: bool
    mask_share: float
    mlm_epochs: float
    mlm_heads: str | None
    is_forgetting_measured: bool
    dropout: float
    precision: str
    hidden_size: int
    lstm_dropout: float
    attention_size: int
    tagger_learning_rate: float
    tagger_batch_size: int
    tagger_epochs: int
    tagger_patience: int
    min_values: int

    def epochs_and_patience(self, n: int) -> tuple[int, int]:
        """Epochs of fine-tuning on n windows, and patience.

        An encoder takes some hundred steps before it points at anything: where
        `max_epochs` are fewer than `min_steps`, epochs and patience grow alike.
        """
        n_batches = max(1, math.ceil(n / self.batch_size))
        epochs = max(self.max_epochs, math.ceil(self.min_steps / n_batches))
        return epochs, math.ceil(self.patience * epochs / self.max_epochs)
