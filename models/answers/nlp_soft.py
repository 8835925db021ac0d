"""NLP-soft: a feed-forward net a task, tied to one another by an L2 penalty.

Duong, Cohn, Bird, Cook 2015, made for dependency parsing, with an input layer for
pairs as Chen et al. 2019 compare it (models.md 2.8):

    h = (W_q q + W_s s + b)^3,  y = sigmoid(w h + c)
    L = L_qr + lambda sum ||theta_qr - theta_qa||_2^2

q and s are the means of the texts' word vectors. The QA net is trained first and then
stands still; lambda and the amount of QA training are chosen on the validation pairs.

| symbol | name in code | shape |
|---|---|---|
| W_q, W_s with b | `hidden_question`, `hidden_text` | [h, d] |
| w, c | `head`, not tied | [h], 1 |

Decisions: cube activation, as in the cited parser; the tie is over the hidden layer,
not over the output or the (frozen) word vectors.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.two_tasks import metric_of, train_two_tasks
from models.training import training_device
from models.vocabulary import tokenise
from models.word_inputs import Texts, WordInputs


@dataclass(frozen=True)
class NlpSoftConfig:
    """Sizes, saved with the weights.

    Attributes:
        vector_size: d, width of the word vectors.
        soft_size: h, hidden units.
        dropout: On the hidden units, while training.
        max_tokens: Tokens kept of a text, from its start.
    """

    vector_size: int
    soft_size: int
    dropout: float
    max_tokens: int


class NlpSoft(nn.Module):
    """The net of one task."""

    def __init__(self, config: NlpSoftConfig, words: Sequence[str]) -> None:
        """Build with random weights and zero word vectors."""
        super().__init__()
        self.config = config
        self.inputs = WordInputs(words=words, vector_size=config.vector_size)
        self.hidden_question = nn.Linear(
            config.vector_size, config.soft_size, bias=False
        )
        self.hidden_text = nn.Linear(config.vector_size, config.soft_size)
        self.head = nn.Linear(config.soft_size, 1)
        self.dropout = nn.Dropout(config.dropout)

    def read(self, texts: Sequence[str]) -> Texts:
        """Texts as ids, on the network's device."""
        return self.inputs.read(texts, self.config.max_tokens)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the limit, [n]."""
        limit = self.config.max_tokens
        return np.array([min(len(tokenise(text)), limit) for text in texts])

    def forward(self, questions: Texts, texts: Texts) -> Tensor:
        """Logits, [B]."""
        logit: Tensor = self.score_pairs(
            self.encode_questions(questions), self.encode_sentences(texts)
        )
        return logit

    def encode_questions(self, texts: Texts) -> Cache:
        """W_q q, [B, h]."""
        return Cache(vector=self.hidden_question(self._mean(texts)))

    def encode_sentences(self, texts: Texts) -> Cache:
        """W_s s + b, [B, h]."""
        return Cache(vector=self.hidden_text(self._mean(texts)))

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits of pairs from their caches, [B]."""
        hidden = (questions.whole + sentences.whole) ** 3
        logit: Tensor = self.head(self.dropout(hidden)).squeeze(-1)
        return logit

    def _mean(self, texts: Texts) -> Tensor:
        mask = texts.mask.unsqueeze(-1)
        mean: Tensor = (self.inputs(texts) * mask).sum(dim=1) / mask.sum(dim=1)
        return mean


def loss(
    network: NlpSoft, asked: Sequence[str], said: Sequence[str], label: Tensor
) -> Tensor:
    """Cross-entropy divided by the batch size."""
    logit = network(network.read(asked), network.read(said))
    return F.binary_cross_entropy_with_logits(logit, label)


def tie(network: NlpSoft, other: NlpSoft) -> Tensor:
    """Sum of ||theta_qr - theta_qa||^2 over the hidden layer."""
    squared = [
        (ours - theirs.detach()).square().sum()
        for layer in ("hidden_question", "hidden_text")
        for ours, theirs in zip(
            getattr(network, layer).parameters(),
            getattr(other, layer).parameters(),
            strict=True,
        )
    ]
    return torch.stack(squared).sum()


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train the QA net, then the QR net from random weights, tied to it."""
    examples.check()
    torch.manual_seed(recipe.seed)
    words, vectors = examples.words.words, examples.words.vectors
    config = NlpSoftConfig(
        vector_size=vectors.shape[1],
        soft_size=recipe.soft_size,
        dropout=recipe.dropout,
        max_tokens=recipe.max_tokens,
    )
    qa = NlpSoft(config, words)
    qa.inputs.set_vectors(vectors)
    start = copy.deepcopy(qa)
    qa, epochs, history = train_two_tasks(
        qa, examples, recipe, loss_qa=loss, loss_qr=None, report=report
    )
    qa.to(training_device())  # where none was trained it is not yet
    best: tuple[float, float, NlpSoft] | None = None
    alone = replace(recipe, pretrain_epochs=(0.0,))
    for weight in recipe.soft_weights:

        def tied(
            network: NlpSoft,
            asked: Sequence[str],
            said: Sequence[str],
            label: Tensor,
            weight: float = weight,
        ) -> Tensor:
            return loss(network, asked, said, label) + weight * tie(network, qa)

        found, _, more = train_two_tasks(
            copy.deepcopy(start),
            examples,
            alone,
            loss_qa=None,
            loss_qr=tied,
            report=report,
        )
        history += more
        metric = metric_of(found, examples.validation)
        if best is None or metric > best[0]:
            best = metric, weight, found
    assert best is not None
    return Trained(
        network=best[2],
        config=asdict(config),
        words=words,
        chosen={"pretrain_epochs": epochs, "soft_weight": best[1]},
        history=history,
    )


def build(config: Mapping[str, Any], words: Sequence[str]) -> NlpSoft:
    """The network of a model folder, before its weights."""
    return NlpSoft(NlpSoftConfig(**config), words)
