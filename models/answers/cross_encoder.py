"""A pretrained encoder that reads question and sentence together: a reference.

    y = sigmoid(w h_[CLS] + b),  h = E([CLS] Q [SEP] S [SEP])

All weights, or those of the upper layers, are fine-tuned on the QR pairs with AdamW, at
most four negatives drawn for each positive and epoch, the epoch with the best average
precision on validation is kept. States below the trained layers are computed once a
training. It can't be factored: every pair costs a run of the encoder.

| symbol | name in code | shape |
|---|---|---|
| E | `encoder` | |
| w, b | `head` | [H], 1 |
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.examples import Examples, Pairs, Recipe, Report, Trained
from models.answers.factored import Cache, probabilities
from models.answers.two_tasks import batch
from models.encoder import Encoder, Tokens, WordPieces, pretrained
from models.metrics import average_precision
from models.ragged import of_like_length
from models.training import Log, fit, once, sampled, training_device

_N_NEGATIVES = 4


class CrossEncoder(nn.Module):
    """The encoder and an output layer."""

    def __init__(
        self, encoder: Encoder, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.max_tokens = int(config["max_tokens"])
        self.head = nn.Linear(encoder.size, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.n_still = 0

    def keep_still(self, n_layers: int) -> None:
        """From now on embeddings and lower layers are not trained, if any is not."""
        self.n_still = max(0, n_layers)
        for part in self._still():
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> "CrossEncoder":
        """As torch has it; what stands still has no dropout."""
        super().train(mode)
        for part in self._still():
            part.eval()
        return self

    def _still(self) -> Iterator[nn.Module]:
        if self.n_still:
            yield self.encoder.bert.embeddings
            yield from self.encoder.bert.encoder.layer[: self.n_still]

    def read(self, texts: Sequence[str]) -> Tokens:
        """Word pieces, on the network's device."""
        found = self.pieces.read(texts, self.max_tokens)
        return found.to(self.head.weight.device)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.pieces.lengths(texts, self.max_tokens)

    def forward(self, questions: Tokens, sentences: Tokens) -> Tensor:
        """Logits, [B]."""
        tokens, encoder = joined(questions, sentences), self.encoder
        if self.n_still:
            states = encoder.layers(
                encoder.frozen(tokens, self.n_still),
                tokens.mask,
                self.n_still,
                encoder.n_layers,
            )
        else:
            states = encoder(tokens)
        logit: Tensor = self.head(states[:, 0]).squeeze(-1)
        return logit

    def encode_questions(self, texts: Tokens) -> Cache:
        """The ids alone, [B, L, 1]: nothing can be done ahead."""
        return Cache(states=texts.ids.unsqueeze(2), mask=texts.mask)

    def encode_sentences(self, texts: Tokens) -> Cache:
        """The ids alone, [B, L, 1]."""
        return self.encode_questions(texts)

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]: the whole network."""
        asked, said = (
            Tokens(states.squeeze(2), mask, torch.zeros_like(states.squeeze(2)))
            for states, mask in (questions.tokens, sentences.tokens)
        )
        logit: Tensor = self(asked, said)
        return logit


def joined(questions: Tokens, sentences: Tokens) -> Tokens:
    """[CLS] Q [SEP] S [SEP] without pads between, from both with [CLS] and [SEP]."""
    ids = torch.cat([questions.ids, sentences.ids[:, 1:]], dim=1)
    mask = torch.cat([questions.mask, sentences.mask[:, 1:]], dim=1)
    types = torch.zeros_like(ids)
    types[:, questions.ids.shape[1] :] = 1
    order = torch.argsort((~mask).to(torch.uint8), dim=1, stable=True)
    length = int(mask.sum(dim=1).max())
    moved = [one.gather(1, order)[:, :length] for one in (ids, mask, types)]
    return Tokens(ids=moved[0] * moved[1], mask=moved[1], types=moved[2] * moved[1])


def loss(
    network: CrossEncoder, asked: Sequence[str], said: Sequence[str], target: Tensor
) -> Tensor:
    """Cross-entropy divided by the batch size; pairs of like length go together."""
    lengths = torch.from_numpy(network.lengths(asked) + network.lengths(said))
    order = torch.argsort(lengths, stable=True)
    logits = [
        network(
            network.read([asked[place] for place in places]),
            network.read([said[place] for place in places]),
        )
        for places in torch.split(order, of_like_length(lengths[order].tolist()))
    ]
    ordered = target[order.to(target.device)]
    return F.binary_cross_entropy_with_logits(torch.cat(logits), ordered)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fine-tune on the QR pairs."""
    return train_tasks(examples, recipe, report, has_qa=False)


def train_tasks(
    examples: Examples, recipe: Recipe, report: Report, *, has_qa: bool
) -> Trained:
    """Fine-tune on the QR pairs, if wanted after one epoch of QA pairs."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
    }
    network = CrossEncoder(source.encoder(), source.words, config)
    network.to(training_device())  # which decides on the numbers
    network.encoder.multiply_in(recipe.cross_precision)
    if recipe.cross_trained_layers is not None:
        network.keep_still(network.encoder.n_layers - recipe.cross_trained_layers)
    known = network.encoder.memory
    network.encoder.memory = {} if known is None else known
    log = Log(report)
    if has_qa:
        _pretrain(
            network, examples.qa_of_product.first(recipe.encoder_qa_pairs), recipe, log
        )
    _fit(network, examples.qr, recipe, log, examples.validation)
    network.encoder.memory = None
    return Trained(
        network=network.eval(),
        config=config,
        words=source.words,
        history=log.history,
    )


def _pretrain(network: CrossEncoder, qa: Pairs, recipe: Recipe, log: Log) -> None:
    rng = np.random.default_rng(recipe.seed)
    rates = [recipe.encoder_learning_rate, recipe.max_tokens, network.n_still]
    depends = [
        rates,
        str(network.encoder.numbers),
        recipe.encoder_batch_size,
        qa.questions,
        qa.texts,
        qa.labels,
    ]
    once(network, rng, depends, lambda: _fit(network, qa, recipe, log, None))


def _fit(
    network: CrossEncoder,
    pairs: Pairs,
    recipe: Recipe,
    log: Log,
    validation: Pairs | None,
) -> None:
    if len(set(pairs.labels)) < 2:
        return
    labels = np.array(pairs.labels)

    def evaluate(held: Pairs) -> float:
        scores = probabilities(network, held.questions, held.texts)
        return average_precision(np.array(held.labels), scores)

    fit(
        network,
        lambda places: loss(network, *batch(network, pairs, places)),
        labels,
        phase="pre-train" if validation is None else "fine-tune",
        learning_rate=recipe.encoder_learning_rate,
        weight_decay=0.01,
        batch_size=recipe.encoder_batch_size,
        max_epochs=1 if validation is None else recipe.encoder_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=sampled(_N_NEGATIVES),
        evaluate=None if validation is None else (lambda: evaluate(validation)),
        patience=2,
        max_seconds=recipe.max_seconds,
        report=log,
    )


def build(config: Mapping[str, Any], words: Sequence[str]) -> CrossEncoder:
    """The network of a model folder, before its weights."""
    return CrossEncoder(Encoder(config["encoder"]), words, config)
