"""A fine-tuned encoder with a CRF: a reference that the paper lacks (5.14).

AVEQA's gains over the taggers mix fine-tuning against frozen vectors with spans
against tags. This one reads what AVEQA reads, is fine-tuned as it is, and tags:

    H = BERT([CLS] text [SEP] attribute [SEP]),  P = Linear(H at the text's pieces)
    log p(y | x) by the CRF of `models.crf`
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.attributes.examples import Examples, Recipe, Report, Trained
from models.attributes.extractor import Extracted
from models.attributes.tags import N_TAGS, extracted, tags_of, taught
from models.attributes.validation import f1_of
from models.attributes.windows import Reader, Window
from models.crf import Crf
from models.encoder import Encoder, WordPieces, pretrained
from models.training import Log, fit, shuffled


class EncoderCrf(nn.Module):
    """The network."""

    def __init__(
        self, encoder: Encoder, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.reader = Reader(
            pieces, max_tokens=config["max_tokens"], stride=config["stride"]
        )
        self.linear = nn.Linear(encoder.size, N_TAGS)
        self.crf = Crf(N_TAGS)

    def windows(
        self, contexts: Sequence[str], attributes: Sequence[str]
    ) -> list[Window]:
        """What the network reads of some examples."""
        return self.reader.windows(contexts, attributes)

    def extract(self, windows: Sequence[Window]) -> list[Extracted]:
        """The best value of each window."""
        return extracted(windows, self.crf.chain, self.emissions)

    def emissions(self, windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
        """P of each window [B, L, 3], and the mask of its text's pieces."""
        batch = self.reader.padded(windows).to(self.linear.weight.device)
        states = self.encoder(batch.tokens)[:, 1:].float()
        return self.linear(states), batch.legal[:, 1:]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fine-tune as AVEQA is."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
        "stride": recipe.stride,
    }
    encoder = source.encoder(dropout=recipe.dropout)
    encoder.multiply_in(recipe.precision)
    network = EncoderCrf(encoder, source.words, config)
    asked = examples.training
    read = network.windows(asked.contexts, asked.attributes)
    windows, targets = taught(read, asked.spans)

    def loss(places: np.ndarray) -> Tensor:
        emissions, mask = network.emissions([windows[place] for place in places])
        tags = tags_of(targets[places], mask.shape[1]).to(mask.device)
        return network.crf.loss(emissions, mask, tags)

    log = Log(report)
    epochs, patience = recipe.epochs_and_patience(len(windows))
    fit(
        network,
        loss,
        np.zeros(len(windows)),
        phase="train",
        learning_rate=recipe.head_learning_rate,
        rates={"encoder": recipe.learning_rate},
        weight_decay=0.01,
        clip=1.0,
        warm_up=recipe.warm_up,
        batch_size=recipe.batch_size,
        max_epochs=epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=shuffled,
        evaluate=lambda: f1_of(network, examples.validation),
        patience=patience,
        max_seconds=recipe.max_seconds,
        report=log,
    )
    return Trained(network.eval(), config, source.words, history=log.history)


def build(config: Mapping[str, Any], words: Sequence[str]) -> EncoderCrf:
    """The network of a model folder, before its weights."""
    return EncoderCrf(Encoder(config["encoder"]), words, config)
