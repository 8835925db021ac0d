"""SUOpenTag (Xu et al., ACL 2019; 5.10): one tagger, the attribute steers attention.

    h^t = BiLSTM(BERT(title)),  h^a = last states of BiLSTM(BERT(attribute))
    alpha_i = h^t_i . h^a / (|h^t_i| |h^a|),  m_i = [h^t_i; alpha_i h^t_i]
    P = Linear(m),  log p(y | x) by the CRF of `models.crf`

alpha may be negative and does not sum to 1. The encoder stands still. Nothing but the
cosine, the linear layer and the path is done per pair: a text's states and an
attribute's vector are computed once in a batch, whatever number of pairs they are in.

| symbol | name in code | shape |
|---|---|---|
| h^t | `titles` | [N, L, D] of N distinct texts |
| h^a | `asked` | [M, D] of M distinct attributes |
| P | emissions | [B, L, 3] of B pairs |
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attributes.examples import Examples, Recipe, Report, Trained
from models.attributes.extractor import Extracted
from models.attributes.lstm import BiLstm
from models.attributes.tags import N_TAGS, extracted, tags_of, taught
from models.attributes.validation import f1_of
from models.attributes.windows import Reader, Window
from models.crf import Crf
from models.encoder import Encoder, WordPieces, pretrained
from models.training import Log, fit, shuffled

# A text's untrained states are kept while it trains, up to here.
_MEMORY_BYTES = 4e9


class SuOpenTag(nn.Module):
    """The network."""

    def __init__(
        self, encoder: Encoder, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.reader = Reader(
            pieces,
            max_tokens=config["max_tokens"],
            stride=config["stride"],
            is_apart=True,
        )
        sizes = {
            "input_size": encoder.size,
            "hidden_size": config["hidden_size"],
            "dropout": config["dropout"],
        }
        self.of_title, self.of_attribute = BiLstm(**sizes), BiLstm(**sizes)
        self.linear = nn.Linear(2 * self.of_title.size, N_TAGS)
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
        """P of each window, and the mask of its pieces, [B, L]."""
        of_text, texts = _distinct([window.ids for window in windows])
        of_name, names = _distinct([window.name for window in windows])
        titles, mask = self.titles([windows[place] for place in texts])
        asked = self.attributes([windows[place].name for place in names])
        return self.pairs(titles[of_text], asked[of_name]), mask[of_text]

    def titles(self, windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
        """h^t of some texts with a piece each, and their mask, [N, L]."""
        batch = self.reader.padded(windows).to(self.linear.weight.device)
        states = self.encoder.frozen(batch.tokens, self.encoder.n_layers)[:, 1:]
        mask = batch.legal[:, 1:]
        found, _ = self.of_title(states, mask)
        return found, mask

    def attributes(self, names: Sequence[str]) -> Tensor:
        """h^a of some attributes, read with [CLS] and [SEP]: one may have no piece."""
        tokens = self.reader.pieces.read(names, self.reader.max_tokens)
        tokens = tokens.to(self.linear.weight.device)
        states = self.encoder.frozen(tokens, self.encoder.n_layers)
        _, last = self.of_attribute(states, tokens.mask)
        found: Tensor = last
        return found

    def pairs(self, titles: Tensor, asked: Tensor) -> Tensor:
        """P of titles [B, L, D] with attributes [B, D]."""
        cosine = F.cosine_similarity(titles, asked.unsqueeze(1), dim=2).unsqueeze(2)
        emissions: Tensor = self.linear(torch.cat([titles, cosine * titles], dim=2))
        return emissions


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train all but the encoder, with a rate that stays as it is."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
        "stride": recipe.stride,
        "hidden_size": recipe.hidden_size,
        "dropout": recipe.lstm_dropout,
    }
    # It stands still, in training too.
    network = SuOpenTag(source.encoder(dropout=0.0), source.words, config)
    asked = examples.training
    read = network.windows(asked.contexts, asked.attributes)
    windows, targets = taught(read, asked.spans)
    _remember(network, windows)

    def loss(places: np.ndarray) -> Tensor:
        emissions, mask = network.emissions([windows[place] for place in places])
        tags = tags_of(targets[places], mask.shape[1]).to(mask.device)
        return network.crf.loss(emissions, mask, tags)

    log = Log(report)
    fit(
        network,
        loss,
        np.zeros(len(windows)),
        phase="train",
        learning_rate=recipe.tagger_learning_rate,
        clip=1.0,
        batch_size=recipe.tagger_batch_size,
        max_epochs=recipe.tagger_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=shuffled,
        evaluate=lambda: f1_of(network, examples.validation),
        patience=recipe.tagger_patience,
        max_seconds=recipe.max_seconds,
        report=log,
    )
    network.encoder.memory = None
    return Trained(network.eval(), config, source.words, history=log.history)


def build(config: Mapping[str, Any], words: Sequence[str]) -> SuOpenTag:
    """The network of a model folder, before its weights."""
    return SuOpenTag(Encoder(config["encoder"], dropout=0.0), words, config)


def _remember(network: SuOpenTag, windows: Sequence[Window]) -> None:
    """Let the encoder keep the states of texts that it reads in every epoch."""
    lengths = {window.ids: len(window) for window in windows}
    n_bytes = 4 * network.encoder.size * sum(lengths.values())
    if network.encoder.memory is None and n_bytes < _MEMORY_BYTES:
        network.encoder.memory = {}


def _distinct(keys: Sequence[Any]) -> tuple[list[int], list[int]]:
    """For each key its place among the distinct ones, and where each of them is."""
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    places = {key: row for row, key in enumerate(dict.fromkeys(keys))}
    return [places[key] for key in keys], [first[key] for key in places]
