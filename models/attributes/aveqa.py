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

from models.attributes.examples import Examples, Recipe, Report, Span, Trained
from models.attributes.extractor import Extracted
from models.attributes.forgetting import Forgetting
from models.attributes.masked_heads import fitted_head, own_head
from models.attributes.masked_lm import Teacher, distillation, masked
from models.attributes.spans import SpanHead, best_spans
from models.attributes.validation import f1_of
from models.attributes.windows import Reader, Window
from models.encoder import Encoder, Pretrained, Tokens, WordPieces, pretrained
from models.training import Log, fit, shuffled, training_device


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
        states, legal = self.read(windows)
        best = best_spans(self.span, states, legal)
        of_span = best.log_probability - best.none
        odds = self.odds(states, of_span.unsqueeze(1)).squeeze(1)
        found = []
        for window, begin, end, logit in zip(
            windows, best.begin.tolist(), best.end.tolist(), odds.tolist(), strict=True
        ):
            span = window.characters(begin, end) if window.text.ids else None
            found.append(Extracted(window.example, span, logit))
        return found

    def read(self, windows: Sequence[Window]) -> tuple[Tensor, Tensor]:
        """States of some windows, fp32 [B, L, d], and where a span may be, [B, L]."""
        batch = self.reader.padded(windows).to(self.span.begin.weight.device)
        states: Tensor = self.encoder(batch.tokens).float()
        return states, batch.legal

    def odds(self, states: Tensor, of_span: Tensor) -> Tensor:
        """The logit of spans, given their log-odds against no value, [B, K]."""
        if self.has_value is None:
            return of_span
        logits = self.has_value(states[:, 0])
        return torch.minimum(of_span, logits[:, 1:] - logits[:, :1])


class Losses:
    """The three losses of a batch of windows."""

    def __init__(
        self,
        network: Aveqa,
        windows: Sequence[Window],
        spans: Sequence[Span | None],
        recipe: Recipe,
        teacher: Teacher | None,
    ) -> None:
        """Take what is learnt.

        Args:
            network: The student.
            windows: Of some examples.
            spans: Characters of each example's value.
            recipe: With the weights.
            teacher: None: nothing is distilled.
        """
        self.network = network
        self.windows = windows
        self.targets = np.array(
            [window.target(spans[window.example]) for window in windows]
        )
        self.recipe = recipe
        self.teacher = teacher
        self.generator = torch.Generator().manual_seed(recipe.seed)

    def __call__(self, places: np.ndarray) -> Tensor:
        """L of 5.6."""
        network, recipe = self.network, self.recipe
        batch = network.reader.padded([self.windows[place] for place in places])
        batch = batch.to(network.span.begin.weight.device)
        targets = torch.from_numpy(self.targets[places]).to(batch.legal.device)
        begin, end = targets.unbind(1)
        if self.teacher is None:
            return self._tasks(network.encoder(batch.tokens), batch.legal, begin, end)
        steps = torch.arange(batch.legal.shape[1], device=begin.device)
        gold = (steps >= begin.unsqueeze(1)) & (steps <= end.unsqueeze(1))
        pieces = network.reader.pieces
        tokens, hidden = masked(batch, pieces, recipe.mask_share, self.generator, gold)
        if recipe.is_single_pass:
            states = masked_states = network.encoder(tokens)
        else:
            both = network.encoder(_behind(batch.tokens, tokens))
            states, masked_states = both.chunk(2)
        distilled = distillation(
            self.teacher.head(masked_states[hidden]),
            self.teacher.logits(tokens, hidden),
            temperature=recipe.temperature,
            is_literal=recipe.is_literal_direction,
        )
        tasks = self._tasks(states, batch.legal, begin, end)
        return tasks + recipe.alpha * distilled

    def _tasks(
        self, states: Tensor, legal: Tensor, begin: Tensor, end: Tensor
    ) -> Tensor:
        """L_QA + beta L_NA."""
        network = self.network
        value = network.span.loss(states, legal, begin, end)
        if network.has_value is not None:
            verdict = network.has_value(states[:, 0])
            of_class = F.cross_entropy(verdict, (begin > 0).long())
            value = value + self.recipe.beta * of_class
        return value


def _behind(first: Tokens, second: Tokens) -> Tokens:
    """Two batches as one: more texts of like length, which the encoder reads faster."""
    return Tokens(
        torch.cat([first.ids, second.ids]),
        torch.cat([first.mask, second.mask]),
        torch.cat([first.types, second.types]),
    )


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
    encoder = source.encoder(dropout=recipe.dropout)
    encoder.multiply_in(recipe.precision)
    network = Aveqa(encoder, source.words, config)
    asked, validation = examples.training, examples.validation
    windows = network.windows(asked.contexts, asked.attributes)
    teacher = None
    if recipe.alpha > 0 or recipe.is_forgetting_measured:
        teacher = _teacher(source, network.reader, windows, recipe)
    log = Log(report)
    forgetting = None
    if teacher is not None and recipe.is_forgetting_measured:
        read = network.windows(validation.contexts, validation.attributes)
        forgetting = Forgetting(encoder, teacher, network.reader, read, recipe)

    def evaluate() -> float:
        if forgetting is not None:
            log(forgetting.measured())
        return f1_of(network, validation)

    distilled = teacher if recipe.alpha > 0 else None
    epochs, patience = recipe.epochs_and_patience(len(windows))
    fit(
        network,
        Losses(network, windows, asked.spans, recipe, distilled),
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
        evaluate=evaluate,
        patience=patience,
        max_seconds=recipe.max_seconds,
        report=log,
    )
    return Trained(network.eval(), config, source.words, history=log.history)


def _teacher(
    source: Pretrained, reader: Reader, windows: Sequence[Window], recipe: Recipe
) -> Teacher:
    # Never trained: what it says is wanted without gradients.
    encoder = source.encoder().to(training_device()).eval()
    encoder.multiply_in(recipe.precision)
    head = own_head(recipe.encoder, encoder) or fitted_head(
        encoder,
        reader,
        windows,
        share=recipe.mask_share,
        batch_size=recipe.batch_size,
        epochs=recipe.mlm_epochs,
        seed=recipe.seed,
        folder=recipe.mlm_heads,
    )
    return Teacher(encoder, head)


def build(config: Mapping[str, Any], words: Sequence[str]) -> Aveqa:
    """The network of a model folder, before its weights."""
    return Aveqa(Encoder(config["encoder"]), words, config)
