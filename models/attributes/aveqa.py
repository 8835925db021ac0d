"""AVEQA: attribute values by question answering (Wang et al., KDD 2020; 5).

The attribute is a question asked of the product's text; one network answers for all
attributes, also for those it was never trained on. Three tasks share an encoder:

    L = L_QA + alpha L_DMLM + beta L_NA

L_QA finds the span (`spans`), L_DMLM keeps the encoder near its pretraining
(`masked_lm`), L_NA tells from [CLS] whether there is a value at all. A text without a
value has [CLS] as its span. The answer is none where the classifier says so or the
best span is [CLS]; a network without classifier (beta = 0) goes by the span alone.

The logit of a value is the smaller of two log-odds, that of the best span against [CLS]
and that of the classifier: above 0 where both are for the value, which is the rule.

| symbol | name in code | shape |
|---|---|---|
| H_L | `encoder` | [B, L, d] |
| W_b, W_e | `span` | |
| W_cls | `has_value` | [2, d]: none, value |

Deviations: BERT's word pieces, positions and segments, no character embedding (5.2);
MiniLM or any encoder by path in place of BERT-base; the rates warm up and fall.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.attributes.examples import Asked, Examples, Recipe, Report, Trained
from models.attributes.extractor import Extracted, best_of
from models.attributes.masked_lm import MaskedHead, distillation, fitted_head, masked
from models.attributes.spans import SpanHead, best_spans
from models.attributes.windows import Batch, Reader, Window
from models.encoder import Encoder, Tokens, WordPieces, pretrained
from models.extraction import outcome, total
from models.training import Log, fit, shuffled

_WINDOWS_AT_ONCE = 64


class Aveqa(nn.Module):
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
        self.span = SpanHead(encoder.size, is_literal=config["is_literal_head"])
        self.has_value = (
            nn.Linear(encoder.size, 2) if config["has_classifier"] else None
        )

    def windows(
        self, contexts: Sequence[str], attributes: Sequence[str]
    ) -> list[Window]:
        """What the network reads of some examples."""
        return self.reader.windows(contexts, attributes)

    def extract(self, windows: Sequence[Window]) -> list[Extracted]:
        """The best span of each window, with its log-odds against no value."""
        device = self.span.begin.weight.device
        batch = self.reader.padded(windows).to(device)
        states = self.encoder(batch.tokens).float()
        best = best_spans(self.span, states, batch.legal)
        odds = best.log_probability - best.none
        if self.has_value is not None:
            verdict = self.has_value(states[:, 0])
            odds = torch.minimum(odds, verdict[:, 1] - verdict[:, 0])
        found = []
        for window, begin, end, logit in zip(
            windows, best.begin.tolist(), best.end.tolist(), odds.tolist(), strict=True
        ):
            span = window.characters(begin, end) if window.text.ids else None
            found.append(Extracted(window.example, span, logit))
        return found


class Losses:
    """The three losses of a batch of windows."""

    def __init__(
        self,
        network: Aveqa,
        windows: Sequence[Window],
        spans: Sequence[tuple[int, int] | None],
        recipe: Recipe,
        teacher: Encoder | None,
        head: MaskedHead | None,
    ) -> None:
        self.network = network
        self.windows = windows
        self.targets = np.array(
            [window.places(spans[window.example]) for window in windows]
        )
        self.recipe = recipe
        self.teacher = teacher
        self.head = head
        self.generator = torch.Generator().manual_seed(recipe.seed)

    def __call__(self, places: np.ndarray) -> Tensor:
        """L of 5.6."""
        recipe, network = self.recipe, self.network
        device = network.span.begin.weight.device
        batch = network.reader.padded([self.windows[place] for place in places])
        batch = batch.to(device)
        begin, end = torch.from_numpy(self.targets[places]).to(device).unbind(1)
        hidden_states = None
        if self.head is not None:
            tokens, hidden = self._masked(batch, begin, end)
            hidden_states = network.encoder(tokens)
        if hidden_states is not None and recipe.is_single_pass:
            states = hidden_states
        else:
            states = network.encoder(batch.tokens)
        value = network.span.loss(states, batch.legal, begin, end)
        if network.has_value is not None:
            verdict = network.has_value(states[:, 0])
            value = value + recipe.beta * F.cross_entropy(verdict, (begin > 0).long())
        if hidden_states is not None and self.head is not None:
            ours = self.head(hidden_states[hidden])
            theirs = self._teacher(tokens, hidden)
            value = value + recipe.alpha * distillation(
                ours,
                theirs,
                temperature=recipe.temperature,
                is_literal=recipe.is_literal_direction,
            )
        return value

    def _masked(
        self, batch: Batch, begin: Tensor, end: Tensor
    ) -> tuple[Tokens, Tensor]:
        places = torch.arange(batch.legal.shape[1], device=begin.device)
        gold = (places >= begin.unsqueeze(1)) & (places <= end.unsqueeze(1))
        pieces = self.network.reader.pieces
        return masked(batch, pieces, self.recipe.mask_share, self.generator, gold)

    def _teacher(self, tokens: Tokens, hidden: Tensor) -> Tensor:
        assert self.teacher is not None
        assert self.head is not None
        with torch.no_grad():
            logits: Tensor = self.head(self.teacher(tokens)[hidden])
        return logits


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train with all three tasks; those of weight 0 are left out."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
        "stride": recipe.stride,
        "is_literal_head": recipe.is_literal_head,
        "has_classifier": recipe.beta > 0,
    }
    network = Aveqa(source.encoder(), source.words, config)
    asked = examples.training
    windows = network.windows(asked.contexts, asked.attributes)
    teacher, head = None, None
    if recipe.alpha > 0:
        teacher = source.encoder().requires_grad_(False).eval()
        head = fitted_head(
            teacher,
            network.reader,
            windows,
            share=recipe.mask_share,
            batch_size=recipe.batch_size,
            epochs=recipe.mlm_epochs,
            seed=recipe.seed,
        )
    log = Log(report)
    fit(
        network,
        Losses(network, windows, asked.spans, recipe, teacher, head),
        np.zeros(len(windows)),
        phase="train",
        learning_rate=recipe.head_learning_rate,
        rates={"encoder": recipe.learning_rate},
        weight_decay=0.01,
        clip=1.0,
        warm_up=recipe.warm_up,
        batch_size=recipe.batch_size,
        max_epochs=recipe.max_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=shuffled,
        evaluate=lambda: f1_of(network, examples.validation),
        patience=recipe.patience,
        max_seconds=recipe.max_seconds,
        report=log,
    )
    return Trained(network.eval(), config, source.words, history=log.history)


@torch.inference_mode()
def f1_of(network: Aveqa, asked: Asked) -> float:
    """F1 of 7.4 on some examples."""
    windows = network.windows(asked.contexts, asked.attributes)
    order = np.argsort([len(window) for window in windows], kind="stable")
    found: list[Extracted] = []
    for start in range(0, len(order), _WINDOWS_AT_ONCE):
        chosen = order[start : start + _WINDOWS_AT_ONCE]
        found += network.extract([windows[place] for place in chosen])
    best = best_of(found, len(asked))
    counts = [
        outcome(
            [] if gold is None else [gold],
            one.value(context) if one.logit > 0 else None,
        )
        for gold, one, context in zip(asked.values(), best, asked.contexts, strict=True)
    ]
    return total(counts).measures[2]


def build(config: Mapping[str, Any], words: Sequence[str]) -> Aveqa:
    """The network of a model folder, before its weights."""
    return Aveqa(Encoder(config["encoder"]), words, config)
