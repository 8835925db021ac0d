"""Variational auto-encoders of questions and answers that match in z (4.8).

    mu, log sigma^2 = linear of the last states of a 2-layer GRU,  z = mu + sigma eps
    Dual:  J = alpha (-E log p(q|z_q) - E log p(a|z_a))
               + beta (KL(q(z_q|q) | N(0, I)) + KL(q(z_a|a) | N(0, I)))
               - gamma log p(y|z_q, z_a)
    Cross: the first bracket is -E log p(q|z_a) - E log p(a|z_q)

(Shen et al. 2018; Yu et al. 2020). A GRU decodes, z its first state and with every
input. p(y|z_q, z_a) is the in-batch softmax (1) of mu_q . mu_a, for comparability; beta
rises from 0, so that z is not given up at once; a text's vector is its mu.

Reconstruction and KL are means over the texts of sums over pieces and over z.

Deviations: word pieces and embeddings of the pretrained encoder; the decoder's output
layer is the embedding table turned round (tied).

| symbol | name in code | shape |
|---|---|---|
| mu, log sigma^2 | `Latent` | [B, Z] |
| p(text given z) | `Decoder` | [B, L, V] |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from models.encoder import Tokens
from models.hub_encoder import pieces_of, text_encoder_named
from models.passages.dual import alike, fit_kind, in_batch_loss
from models.passages.examples import Examples, Matches, Recipe, Report, Side, Trained
from models.passages.geometry import ramp
from models.passages.text_encoders import N_LAYERS
from models.passages.vectors import TextReader
from models.training import Log

SIDES: tuple[Side, Side] = ("question", "passage")


@dataclass(frozen=True)
class Latent:
    """q(z | text) of some texts.

    Attributes:
        mean: mu, [B, Z].
        log_variance: log sigma^2, [B, Z].
    """

    mean: Tensor
    log_variance: Tensor

    def drawn(self) -> Tensor:
        """One z each: mu + sigma eps."""
        noise = torch.randn_like(self.mean)
        return self.mean + noise * (self.log_variance / 2).exp()

    def divergence(self) -> Tensor:
        """KL(q(z | text) | N(0, I)), [B]."""
        variance = self.log_variance.exp()
        terms = self.mean.pow(2) + variance - 1 - self.log_variance
        found: Tensor = terms.sum(dim=1) / 2
        return found


class Coder(nn.Module):
    """The encoder and the decoder of one side, over a table of word embeddings."""

    def __init__(self, *, size: int, latent_size: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.encode = nn.GRU(
            size, size, num_layers=N_LAYERS, dropout=dropout, batch_first=True
        )
        self.mean = nn.Linear(size, latent_size)
        self.log_variance = nn.Linear(size, latent_size)
        self.start = nn.Linear(latent_size, size)
        self.decode = nn.GRU(size + latent_size, size, batch_first=True)

    def latent(self, embedded: Tensor, mask: Tensor) -> Latent:
        """q(z | text) from the last state; packed, so that none sees pads."""
        packed = pack_padded_sequence(
            self.dropout(embedded),
            mask.sum(dim=1).cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        _, last = self.encode(packed)
        return Latent(self.mean(last[-1]), self.log_variance(last[-1]))

    def states(self, z: Tensor, embedded: Tensor) -> Tensor:
        """States that predict each piece from those before it and z, [B, L - 1, d]."""
        given = z.unsqueeze(1).expand(-1, embedded.shape[1] - 1, -1)
        inputs = torch.cat([embedded[:, :-1], given], dim=2)
        first = torch.tanh(self.start(z)).unsqueeze(0)
        found, _ = self.decode(inputs, first)
        result: Tensor = self.dropout(found)
        return result


class Vae(nn.Module):
    """Both sides; `is_crossed` says whose z a text is rebuilt from."""

    def __init__(self, words: Sequence[str], config: Mapping[str, Any]) -> None:
        super().__init__()
        self.reader = TextReader(
            pieces_of(words, config),
            max_question_tokens=config["max_question_tokens"],
            max_passage_tokens=config["max_passage_tokens"],
        )
        size, dropout = config["width"], config["dropout"]
        self.is_crossed = bool(config["is_crossed"])
        self.size = int(config["latent_size"])
        self.embedding = nn.Embedding(config.get("n_pieces", len(words)), size)
        self.question, self.passage = (
            Coder(size=size, latent_size=self.size, dropout=dropout) for _ in SIDES
        )

    def coder(self, side: Side) -> Coder:
        """That of a side."""
        return self.question if side == "question" else self.passage

    def read(self, texts: Sequence[str], side: Side) -> Tokens:
        """Word pieces, on the network's device."""
        return self.reader.read(texts, side).to(self.embedding.weight.device)

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.reader.lengths(texts, side)

    def latent(self, tokens: Tokens, side: Side) -> Latent:
        """q(z | text)."""
        return self.coder(side).latent(self.embedding(tokens.ids), tokens.mask)

    def vectors(self, tokens: Tokens, side: Side) -> Tensor:
        """Their mu, fp32 [B, Z]."""
        return self.latent(tokens, side).mean.float()

    def surprise(self, tokens: Tokens, side: Side, z: Tensor) -> Tensor:
        """-log p(text | z), the sum over its pieces behind the first, [B]."""
        states = self.coder(side).states(z, self.embedding(tokens.ids))
        logits = states @ self.embedding.weight.T
        losses = F.cross_entropy(
            logits.flatten(0, 1), tokens.ids[:, 1:].flatten(), reduction="none"
        )
        per_piece = losses.view(len(z), -1) * tokens.mask[:, 1:]
        return per_piece.sum(dim=1)


class Losses:
    """J of a batch of matches; beta rises with the steps."""

    def __init__(
        self, network: Vae, matches: Matches, recipe: Recipe, *, n_ramp_steps: int
    ) -> None:
        """Take what is learnt, and in how many steps beta is whole."""
        self.network = network
        self.matches = matches
        self.recipe = recipe
        self.n_ramp_steps = n_ramp_steps
        self.step = 0

    def __call__(self, places: np.ndarray) -> Tensor:
        """J of the next step."""
        network, recipe = self.network, self.recipe
        asked = [self.matches.questions[place] for place in places]
        said = [self.matches.passages[place] for place in places]
        tokens = {
            side: network.read(texts, side)
            for side, texts in zip(SIDES, (asked, said), strict=True)
        }
        latent = {side: network.latent(tokens[side], side) for side in SIDES}
        drawn = {side: latent[side].drawn() for side in SIDES}
        source = dict(
            zip(SIDES, SIDES[::-1] if network.is_crossed else SIDES, strict=True)
        )
        rebuilt = sum(
            network.surprise(tokens[side], side, drawn[source[side]]).mean()
            for side in SIDES
        )
        divergence = sum(latent[side].divergence().mean() for side in SIDES)
        match = in_batch_loss(
            latent["question"].mean, latent["passage"].mean, alike(asked, said, recipe)
        )
        beta = recipe.beta_divergence * ramp(self.step, self.n_ramp_steps)
        self.step += 1
        total: Tensor = (
            recipe.alpha_rebuilt * rebuilt
            + beta * divergence
            + recipe.gamma_match * match
        )
        return total


def train_vae(
    examples: Examples, recipe: Recipe, report: Report, *, is_crossed: bool
) -> Trained:
    """Train with all three terms, by the settings of the small encoders."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = text_encoder_named(recipe.encoder)
    config = {
        "is_crossed": is_crossed,
        "width": source.embeddings.shape[1],
        "latent_size": recipe.latent_size,
        "dropout": recipe.dropout,
        **source.reading,
        "max_question_tokens": recipe.max_question_tokens,
        "max_passage_tokens": recipe.max_passage_tokens,
    }
    network = Vae(source.words, config)
    network.embedding.weight.data.copy_(source.embeddings)
    n_batches = max(1, len(examples.training) // recipe.small_batch_size)
    losses = Losses(
        network,
        examples.training,
        recipe,
        n_ramp_steps=round(recipe.ramp_epochs * n_batches),
    )
    log = Log(report)
    fit_kind(network, losses, examples, recipe, log, kind="vae", evaluated=network)
    return Trained(network.eval(), config, source.words, history=log.history)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Vae:
    """The network of a model folder, before its weights."""
    return Vae(words, config)
