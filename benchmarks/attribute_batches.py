"""The attribute model as published Spark examples run one: batches of so many rows."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from models.attributes import load
from models.attributes.extractor import best_of
from models.checkpoint import Card
from models.encoder import Tokens
from udfs.batching import device_name, set_threads

if TYPE_CHECKING:
    from pyspark.sql import Column


def predictor(
    card: Card, batch_size: int, length: int | None
) -> Callable[..., "Column"]:
    """A function of the columns context and attribute: begin, end and score.

    Args:
        card: Of the model folder.
        batch_size: Examples, in the order that they come in.
        length: Tokens that every batch is padded to, a longer text is cut there; None:
            the longest of the batch, and all windows of a text are read.
    """
    from pyspark.ml.functions import predict_batch_udf
    from pyspark.sql.types import StructType

    found: Callable[..., Column] = predict_batch_udf(
        lambda: _predict(card.folder, length),
        return_type=StructType.fromDDL("begin int, end int, score double"),
        batch_size=batch_size,
    )
    return found


def _predict(folder: str, length: int | None) -> Any:
    """A function of contexts and attributes; made on a worker, once."""
    set_threads(1)
    model: Any = load(folder, device=device_name(), precision="fp32")
    model.network.encoder = Plain(model.network.encoder.bert, length)

    def predict(contexts: np.ndarray, attributes: np.ndarray) -> Mapping[str, Any]:
        windows = model.windows(list(contexts), list(attributes))
        if length is not None:
            first = {one.example: one for one in reversed(windows)}
            windows = [first[place] for place in range(len(contexts))]
        best = best_of(model.extract(windows), len(contexts))
        spans = np.array([one.span for one in best])  # no text is empty
        return {
            "begin": spans[:, 0],
            "end": spans[:, 1],
            "score": np.array([model.score(one.logit) for one in best]),
        }

    return predict


class Plain(nn.Module):
    """An encoder as one calls it first: the whole batch at once, padded alike."""

    def __init__(self, bert: nn.Module, length: int | None) -> None:
        super().__init__()
        self.bert = bert
        self.length = length

    def forward(self, tokens: Tokens) -> Tensor:
        """States of [B, L], which pads to `length` first where there is one."""
        n_tokens = tokens.ids.shape[1]
        more = 0 if self.length is None else self.length - n_tokens
        found = self.bert(
            input_ids=F.pad(tokens.ids, (0, more)),
            attention_mask=F.pad(tokens.mask.long(), (0, more)),
            token_type_ids=F.pad(tokens.types, (0, more)),
        )
        states: Tensor = found.last_hidden_state[:, :n_tokens]
        return states
