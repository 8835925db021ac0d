"""Cosine of sentence vectors with a learned threshold: a reference.

    y = sigmoid(w cos(mean(E(Q)), mean(E(S))) + b)

E are the states of a pretrained encoder, untrained here; all-MiniLM-L6-v2 was itself
trained on 2.4 million Amazon question-answer pairs, SQuAD and Natural Questions.
w and b are a logistic regression's, fitted on the QR pairs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.regression import fit_linear, logit_of
from models.encoder import Encoder, Tokens, WordPieces, pretrained
from models.training import training_device


class MinilmCosine(nn.Module):
    """The encoder and two numbers."""

    def __init__(
        self, encoder: Encoder, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.max_tokens = int(config["max_tokens"])
        self.linear = nn.Linear(1, 1)

    def read(self, texts: Sequence[str]) -> Tokens:
        """Word pieces, on the network's device."""
        found = self.pieces.read(texts, self.max_tokens)
        return found.to(self.linear.weight.device)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.pieces.lengths(texts, self.max_tokens)

    def encode_questions(self, texts: Tokens) -> Cache:
        """Mean of the states, of length one, [B, H]."""
        states = self.encoder.frozen(texts, self.encoder.n_layers)
        return Cache(vector=mean_of(states, texts.mask))

    def encode_sentences(self, texts: Tokens) -> Cache:
        """Mean of the states, of length one, [B, H]."""
        return self.encode_questions(texts)

    def features(self, questions: Cache, sentences: Cache) -> Tensor:
        """The cosine, [B, 1]."""
        return (questions.whole * sentences.whole).sum(dim=-1, keepdim=True)

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]."""
        return logit_of(self, questions, sentences)


def mean_of(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the real tokens' states, of length one, [B, H]."""
    kept = states.float() * mask.unsqueeze(-1)
    return F.normalize(kept.sum(dim=1), dim=-1)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fit the two numbers; the encoder stays as it is."""
    examples.check()
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
    }
    network = MinilmCosine(source.encoder(), source.words, config)
    network.to(training_device())
    fit_linear(network, examples.qr)
    return Trained(network=network.eval(), config=config, words=source.words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> MinilmCosine:
    """The network of a model folder, before its weights."""
    return MinilmCosine(Encoder(config["encoder"]), words, config)
