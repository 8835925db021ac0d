"""BiLSTM: each piece is tagged by itself, one model for each attribute (5.10).

    P = Linear(BiLSTM(vectors)),  log p(y | x) = sum_i log softmax(P_i)_{y_i}

The loss is the mean of -log p over the pieces. Deviation: the value is taken from the
best legal path of the tags in place of each piece's arg-max (`tags`), so that it has a
logit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attributes.examples import Examples, Recipe, Report, Trained
from models.attributes.lstm import BiLstm
from models.attributes.per_attribute import Taggers, train_each
from models.attributes.tags import N_TAGS
from models.crf import Chain


class BiLstmTagger(nn.Module):
    """The tagger of one attribute. Shape: vectors [B, L, D] to log-probabilities."""

    none: Tensor

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.lstm = BiLstm(
            input_size=config["vector_size"],
            hidden_size=config["hidden_size"],
            dropout=config["dropout"],
        )
        self.linear = nn.Linear(self.lstm.size, N_TAGS)
        self.register_buffer("none", torch.zeros(N_TAGS), persistent=False)

    @property
    def chain(self) -> Chain:
        """Nothing is known of a piece's neighbours."""
        return Chain(self.none, self.none.expand(N_TAGS, N_TAGS), self.none)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Log-probability of each tag, [B, L, 3]."""
        states, _ = self.lstm(vectors, mask)
        return F.log_softmax(self.linear(states).float(), dim=2)

    def loss(self, emissions: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
        """Cross-entropy, mean over the pieces; tags [B, L]."""
        return F.nll_loss(emissions[mask], tags[mask])


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train one tagger for each attribute with enough values."""
    return train_each(BiLstmTagger, examples, recipe, report)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Taggers:
    """The network of a model folder, before its weights."""
    return Taggers(BiLstmTagger, words, config)
