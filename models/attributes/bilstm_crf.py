"""BiLSTM-CRF: the tags of a text are one sequence, one model for each attribute (5.10).

P = Linear(BiLSTM(vectors)),  log p(y | x) by the CRF of `models.crf`
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from models.attributes.examples import Examples, Recipe, Report, Trained
from models.attributes.lstm import BiLstm
from models.attributes.per_attribute import Taggers, train_each
from models.attributes.tags import N_TAGS
from models.crf import Chain, Crf


class BiLstmCrfTagger(nn.Module):
    """The tagger of one attribute. Shape: vectors [B, L, D] to emissions [B, L, 3]."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.lstm = BiLstm(
            input_size=config["vector_size"],
            hidden_size=config["hidden_size"],
            dropout=config["dropout"],
        )
        self.linear = nn.Linear(self.lstm.size, N_TAGS)
        self.crf = Crf(N_TAGS)

    @property
    def chain(self) -> Chain:
        """The CRF's scores."""
        return self.crf.chain

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Emissions."""
        states, _ = self.lstm(vectors, mask)
        emissions: Tensor = self.linear(states)
        return emissions

    def loss(self, emissions: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
        """Mean of -log p(y | x); tags [B, L]."""
        return self.crf.loss(emissions, mask, tags)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train one tagger for each attribute with enough values."""
    return train_each(BiLstmCrfTagger, examples, recipe, report)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Taggers:
    """The network of a model folder, before its weights."""
    return Taggers(BiLstmCrfTagger, words, config)
