"""Logistic regression on late-interaction features: a reference.

For each piece of the question the cosines with all pieces of the sentence, from the
untrained states of a pretrained encoder (the MaxSim of ColBERT, Khattab and Zaharia
2020): the best and the mean match, averaged over the question's pieces plainly and
weighted by rarity, and the same the other way round. [CLS] and [SEP] take no part.

| symbol | name in code | shape |
|---|---|---|
| C_ij = cos(q_i, s_j) | `cosines` | [B, N, M] |
| idf | `rarity` | [V] |
| mean_i max_j C, idf-weighted, mean_i mean_j C ... | `features` | [B, 8] |
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.regression import fit_linear, logit_of
from models.encoder import Encoder, Tokens, WordPieces, pretrained
from models.training import training_device


class LateRegression(nn.Module):
    """Encoder, rarities and a linear layer."""

    rarity: Tensor

    def __init__(
        self, encoder: Encoder, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.max_tokens = int(config["max_tokens"])
        self.register_buffer("rarity", torch.ones(len(words)))
        self.linear = nn.Linear(8, 1)

    def read(self, texts: Sequence[str]) -> Tokens:
        """Word pieces, on the network's device."""
        found = self.pieces.read(texts, self.max_tokens)
        return found.to(self.linear.weight.device)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.pieces.lengths(texts, self.max_tokens)

    def encode_questions(self, texts: Tokens) -> Cache:
        """States of length one and the piece's rarity, [B, L, H + 1]."""
        states = self.encoder.frozen(texts, self.encoder.n_layers)
        states = F.normalize(states.float(), dim=-1)
        rarity = self.rarity[texts.ids].unsqueeze(2)
        return Cache(states=torch.cat([states, rarity], dim=2), mask=inner(texts.mask))

    def encode_sentences(self, texts: Tokens) -> Cache:
        """States of length one and the piece's rarity, [B, L, H + 1]."""
        return self.encode_questions(texts)

    def features(self, questions: Cache, sentences: Cache) -> Tensor:
        """Best and mean matches, plain and by rarity, both ways, [B, 8]."""
        asked, mask_asked = questions.tokens
        said, mask_said = sentences.tokens
        cosines = asked[..., :-1] @ said[..., :-1].transpose(1, 2)  # [B, N, M]
        forward = _matches(cosines, mask_asked, mask_said, asked[..., -1])
        backward = _matches(
            cosines.transpose(1, 2), mask_said, mask_asked, said[..., -1]
        )
        return torch.cat([forward, backward], dim=1)

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]."""
        return logit_of(self, questions, sentences)


def inner(mask: Tensor) -> Tensor:
    """Without [CLS] and [SEP]; a text that has nothing else keeps [CLS], [B, L]."""
    kept = mask.clone()
    kept[:, 0] = False
    kept.scatter_(1, mask.sum(dim=1, keepdim=True) - 1, False)
    kept[:, 0] = ~kept.any(dim=1)
    return kept


def _matches(cosines: Tensor, mask_x: Tensor, mask_y: Tensor, rarity: Tensor) -> Tensor:
    """Best and mean match of each x, averaged plainly and by rarity, [B, 4]."""
    filled = cosines.masked_fill(~mask_y.unsqueeze(1), float("-inf"))
    best = filled.amax(dim=2)
    n_y = mask_y.sum(dim=1, keepdim=True)
    mean = (cosines * mask_y.unsqueeze(1)).sum(dim=2) / n_y
    plain = mask_x.float()
    weighted = plain * rarity
    return torch.stack(
        [
            (match * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1e-6)
            for match in (best, mean)
            for weight in (plain, weighted)
        ],
        dim=1,
    )


def piece_rarity(pieces: WordPieces, n_pieces: int, texts: Sequence[str]) -> Tensor:
    """Idf of each word piece among distinct texts, [n_pieces]."""
    distinct = list(dict.fromkeys(texts))
    counts = np.zeros(n_pieces)
    for ids in pieces.ids(distinct, 512):
        counts[list(set(ids))] += 1
    n_texts = len(distinct)
    found = [log(1 + (n_texts - n + 0.5) / (n + 0.5)) for n in counts]
    return torch.tensor(found)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Count the pieces of the QR pairs, fit the regression."""
    examples.check()
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
    }
    network = LateRegression(source.encoder(), source.words, config)
    network.to(training_device())
    texts = [*examples.qr.questions, *examples.qr.texts]
    network.rarity.copy_(piece_rarity(network.pieces, len(source.words), texts))
    fit_linear(network, examples.qr)
    return Trained(network=network.eval(), config=config, words=source.words)


def build(config: Mapping[str, Any], words: Sequence[str]) -> LateRegression:
    """The network of a model folder, before its weights."""
    return LateRegression(Encoder(config["encoder"]), words, config)
