"""OpenTag (Zheng et al., KDD 2018; 5.10): BiLSTM, self-attention, CRF, per attribute.

    g_{tt'} = tanh(W_g h_t + W_g' h_t' + b_g)
    alpha_{tt'} = sigmoid(w_alpha . g_{tt'} + b_alpha)
    l_t = sum_t' alpha_{tt'} h_t',  P = Linear(l)

The attention does not sum to 1; a pad takes no part.

| symbol | name in code | shape |
|---|---|---|
| h | states | [B, L, 2 K] |
| W_g, W_g', b_g | `query`, `key` | [A, 2 K] |
| w_alpha, b_alpha | `weight` | [A] |
| alpha | weights | [B, L, L] |
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.attributes.examples import Examples, Recipe, Report, Trained
from models.attributes.lstm import BiLstm
from models.attributes.per_attribute import Taggers, train_each
from models.attributes.tags import N_TAGS
from models.crf import Chain, Crf


class OpenTagger(nn.Module):
    """The tagger of one attribute. Shape: vectors [B, L, D] to emissions [B, L, 3]."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.lstm = BiLstm(
            input_size=config["vector_size"],
            hidden_size=config["hidden_size"],
            dropout=config["dropout"],
        )
        size = config["attention_size"]
        self.query = nn.Linear(self.lstm.size, size)
        self.key = nn.Linear(self.lstm.size, size, bias=False)
        self.weight = nn.Linear(size, 1)
        self.linear = nn.Linear(self.lstm.size, N_TAGS)
        self.crf = Crf(N_TAGS)

    @property
    def chain(self) -> Chain:
        """The CRF's scores."""
        return self.crf.chain

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Emissions."""
        states, _ = self.lstm(vectors, mask)
        emissions: Tensor = self.linear(self.attended(states, mask))
        return emissions

    def attended(self, states: Tensor, mask: Tensor) -> Tensor:
        """l, [B, L, 2 K]."""
        asked, offered = self.query(states), self.key(states)
        mixed = torch.tanh(asked.unsqueeze(2) + offered.unsqueeze(1))  # [B, L, L, A]
        weights = torch.sigmoid(self.weight(mixed).squeeze(3))
        return torch.bmm(weights.masked_fill(~mask.unsqueeze(1), 0), states)

    def loss(self, emissions: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
        """Mean of -log p(y | x); tags [B, L]."""
        return self.crf.loss(emissions, mask, tags)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train one tagger for each attribute with enough values."""
    return train_each(OpenTagger, examples, recipe, report)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Taggers:
    """The network of a model folder, before its weights."""
    return Taggers(OpenTagger, words, config)
