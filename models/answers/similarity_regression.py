"""Logistic regression on what search engines know of a pair: a reference.

Features: BM25, the share of the question's stems in the sentence (plain and weighted
by rarity), and the cosine of the texts' mean states of a pretrained encoder. The
weights are fitted on the QR pairs; the encoder stays as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.minilm_cosine import mean_of
from models.answers.regression import fit_linear, logit_of
from models.encoder import Encoder, Tokens, WordPieces, pretrained
from models.lexical import Terms
from models.training import training_device


class SimilarityRegression(nn.Module):
    """Encoder, terms and a linear layer."""

    def __init__(
        self,
        encoder: Encoder,
        words: Sequence[str],
        found: Terms,
        config: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.terms = found
        self.max_tokens = int(config["max_tokens"])
        self.linear = nn.Linear(4, 1)

    def read(self, texts: Sequence[str]) -> tuple[Tokens, Tensor]:
        """Word pieces and stem ids, on the network's device."""
        tokens = self.pieces.read(texts, self.max_tokens)
        device = self.linear.weight.device
        return tokens.to(device), self.terms.read(texts, self.max_tokens)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.pieces.lengths(texts, self.max_tokens)

    def encode_questions(self, texts: tuple[Tokens, Tensor]) -> Cache:
        """The stem ids, [B, L, 1], and the mean state, [B, H]."""
        tokens, ids = texts
        mask = ids != 0
        mask[:, 0] = True  # a text without stems keeps one pad
        states = self.encoder.frozen(tokens, self.encoder.n_layers)
        vector = mean_of(states, tokens.mask)
        return Cache(states=ids.unsqueeze(2), mask=mask, vector=vector)

    def encode_sentences(self, texts: tuple[Tokens, Tensor]) -> Cache:
        """The stem ids, [B, L, 1], and the mean state, [B, H]."""
        return self.encode_questions(texts)

    def features(self, questions: Cache, sentences: Cache) -> Tensor:
        """BM25, two overlaps, cosine, [B, 4]."""
        asked, said = (
            states.squeeze(2) * mask
            for states, mask in (questions.tokens, sentences.tokens)
        )
        cosine = (questions.whole * sentences.whole).sum(dim=-1)
        return torch.cat(
            [
                self.terms.bm25(asked, said).unsqueeze(1),
                self.terms.overlap(asked, said),
                cosine.unsqueeze(1),
            ],
            dim=1,
        )

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]."""
        return logit_of(self, questions, sentences)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Count the QR sentences' stems, fit the regression."""
    examples.check()
    source = pretrained(recipe.encoder)
    found = Terms.fit(examples.qr.texts)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
        "n_pieces": len(source.words),
    }
    network = SimilarityRegression(source.encoder(), source.words, found, config)
    network.to(training_device())
    fit_linear(network, examples.qr)
    words = (*source.words, *found.words)
    return Trained(network=network.eval(), config=config, words=words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> SimilarityRegression:
    """The network of a model folder, before its weights."""
    n_pieces = int(config["n_pieces"])
    encoder, found = Encoder(config["encoder"]), Terms(words[n_pieces:])
    return SimilarityRegression(encoder, words[:n_pieces], found, config)
