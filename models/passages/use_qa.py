"""Stand-in for USE-QA (4.8): any sentence-transformers folder, as it comes.

    vector(text) = pool(E(text)), divided by its length where the folder says so

Question and answer are read by the same encoder, nothing is trained. The folder's
`modules.json` and `1_Pooling/config.json` say how it pools. USE-QA itself is published
for TensorFlow alone, with an encoder a side.

| symbol | name in code | shape |
|---|---|---|
| E | `encoder` | [B, L, H] |
| pool | `pooled` | [B, H] |
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from models.encoder import Encoder, EncoderError, Tokens, packaged
from models.hub_encoder import (
    HubEncoder,
    Source,
    encoder_of,
    pieces_of,
    text_encoder_named,
)
from models.passages.examples import Examples, Recipe, Report, Side, Trained
from models.passages.vectors import TextReader
from models.training import training_device

_POOLS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}


class SentenceEncoder(nn.Module):
    """A pretrained encoder and the way it pools; nothing else."""

    def __init__(
        self,
        encoder: Encoder | HubEncoder,
        words: Sequence[str],
        config: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.reader = TextReader(
            pieces_of(words, config),
            max_question_tokens=config["max_question_tokens"],
            max_passage_tokens=config["max_passage_tokens"],
        )
        self.pool = str(config["pool"])
        self.is_unit_length = bool(config["is_unit_length"])
        self.size = encoder.size

    def read(self, texts: Sequence[str], side: Side) -> Tokens:
        """Word pieces, on the network's device."""
        device = next(self.encoder.parameters()).device
        return self.reader.read(texts, side).to(device)

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.reader.lengths(texts, side)

    def vectors(self, tokens: Tokens, side: Side) -> Tensor:
        """fp32 [B, H]; both sides are read alike."""
        states = self.encoder(tokens).float()
        found = pooled(states, tokens.mask, self.pool)
        return F.normalize(found, dim=1) if self.is_unit_length else found


def pooled(states: Tensor, mask: Tensor, pool: str) -> Tensor:
    """Mean or max over real pieces, or cls, the first one's state; [B, H]."""
    if pool == "cls":
        return states[:, 0]
    if pool == "max":
        return states.masked_fill(~mask.unsqueeze(2), float("-inf")).amax(dim=1)
    kept = states * mask.unsqueeze(2)
    return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True)


def pooling_of(folder: str) -> tuple[str, bool]:
    """How a sentence-transformers folder pools, and whether to length one.

    Raises:
        EncoderError: It does not say so, or in a way that is not known here.
    """
    try:
        modules = json.loads((Path(folder) / "modules.json").read_text("utf-8"))
        kinds = {one["type"].rpartition(".")[2]: one["path"] for one in modules}
        path = Path(folder) / kinds["Pooling"] / "config.json"
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(
            f"{folder}: {error!r}, expected a sentence-transformers folder with"
            " modules.json and a pooling"
        ) from None
    others = sorted(set(kinds) - {"Transformer", "Pooling", "Normalize"})
    if others:
        raise EncoderError(
            f"{folder}: has {', '.join(others)} too, expected a transformer, a pooling"
            " and a norm alone"
        )
    # Newer folders have one name, older ones a switch each.
    mode = said.get("pooling_mode")
    found = [
        pool
        for name, pool in _POOLS.items()
        if said.get(name) or mode in (pool, [pool])
    ]
    if len(found) != 1:
        raise EncoderError(
            f"{path}: pools by {found or said}, expected one of mean, cls and max"
        )
    return found[0], "Normalize" in kinds


def made(recipe: Recipe, folder: str | None) -> Trained:
    """The encoder of a folder; None: the packaged MiniLM."""
    pool, is_unit_length = pooling_of(folder or packaged())
    source = text_encoder_named(folder)
    config = config_of(source, recipe, pool, is_unit_length=is_unit_length)
    network = SentenceEncoder(source.encoder(dropout=0.0), source.words, config)
    network.to(training_device())
    return Trained(network.eval().requires_grad_(False), config, source.words)


def config_of(
    source: Source, recipe: Recipe, pool: str, *, is_unit_length: bool
) -> dict[str, Any]:
    """Sizes and switches of a sentence encoder."""
    return {
        "encoder": dict(source.sizes),
        **source.reading,
        "max_question_tokens": recipe.max_question_tokens,
        "max_passage_tokens": recipe.max_passage_tokens,
        "pool": pool,
        "is_unit_length": is_unit_length,
    }


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train nothing; the encoder is the recipe's."""
    return made(recipe, recipe.encoder)


def build(config: Mapping[str, Any], words: Sequence[str]) -> SentenceEncoder:
    """The network of a model folder, before its weights."""
    return SentenceEncoder(encoder_of(config["encoder"], dropout=0.0), words, config)
