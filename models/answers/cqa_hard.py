"""CQA-hard: sentence CNNs of two tasks that meet in one shared layer.

Bonadiman, Uva, Moschitti 2017, as Chen et al. 2019 compare it (models.md 2.8). Each
task has a CNN for the question and one for the other text: filters over word vectors,
max over time. The two feature vectors of a pair go through one fully connected layer
that both tasks share, then through the task's own output unit:

    x = tanh [max_t conv_q(Q); max_t conv_s(S)]
    h = tanh(W x + b),  y = sigmoid(w_task h + c_task)

| symbol | name in code | shape |
|---|---|---|
| conv_q, conv_s of a task | `encoders` | [n_filters, vector_size, width] |
| W cut in two, b | `fuse_question`, `fuse_text` | [fused, n_filters] each |
| w_task, c_task | `heads` | [fused], 1 |

Decisions: the sizes of models.md 2.8; texts are padded by half a filter on both sides,
so that a one-word text has features; dropout on the feature vectors; no characters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.two_tasks import train_two_tasks
from models.vocabulary import tokenise
from models.word_inputs import Texts, WordInputs

Task = Literal["qa", "qr"]


@dataclass(frozen=True)
class CqaHardConfig:
    """Sizes, saved with the weights.

    Attributes:
        vector_size: Width of the word vectors.
        n_filters: Of each CNN.
        filter_width: Words a filter sees, odd.
        fused_size: Units of the shared layer.
        dropout: On the feature vectors, while training.
        max_tokens: Tokens kept of a text, from its start.
    """

    vector_size: int
    n_filters: int
    filter_width: int
    fused_size: int
    dropout: float
    max_tokens: int


class SentenceCnn(nn.Module):
    """Filters over the words, the strongest answer of each: [B, L, D] to [B, F]."""

    def __init__(self, *, size: int, n_filters: int, width: int) -> None:
        super().__init__()
        self.convolve = nn.Conv1d(size, n_filters, width, padding=width // 2)

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Features; pads are zero vectors to the filters and never the maximum."""
        zeroed = inputs * mask.unsqueeze(-1)
        found = self.convolve(zeroed.transpose(1, 2))  # [B, F, L]
        return torch.tanh(
            found.masked_fill(~mask.unsqueeze(1), float("-inf")).amax(dim=2)
        )


class CqaHard(nn.Module):
    """Four CNNs, one shared layer, two output units."""

    def __init__(self, config: CqaHardConfig, words: Sequence[str]) -> None:
        """Build with random weights and zero word vectors."""
        super().__init__()
        self.config = config
        self.inputs = WordInputs(words=words, vector_size=config.vector_size)
        self.encoders = nn.ModuleDict(
            {
                f"{task}_{side}": SentenceCnn(
                    size=config.vector_size,
                    n_filters=config.n_filters,
                    width=config.filter_width,
                )
                for task in ("qa", "qr")
                for side in ("question", "text")
            }
        )
        self.fuse_question = nn.Linear(config.n_filters, config.fused_size, bias=False)
        self.fuse_text = nn.Linear(config.n_filters, config.fused_size)
        self.heads = nn.ModuleDict(
            {task: nn.Linear(config.fused_size, 1) for task in ("qa", "qr")}
        )
        self.dropout = nn.Dropout(config.dropout)

    def read(self, texts: Sequence[str]) -> Texts:
        """Texts as ids, on the network's device."""
        return self.inputs.read(texts, self.config.max_tokens)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the limit, [n]."""
        limit = self.config.max_tokens
        return np.array([min(len(tokenise(text)), limit) for text in texts])

    def forward(self, questions: Texts, texts: Texts, *, task: Task) -> Tensor:
        """Logits of one task, [B]."""
        fused = self.fuse_question(self._features(questions, f"{task}_question"))
        fused = fused + self.fuse_text(self._features(texts, f"{task}_text"))
        logit: Tensor = self.heads[task](torch.tanh(fused)).squeeze(-1)
        return logit

    def _features(self, texts: Texts, encoder: str) -> Tensor:
        found: Tensor = self.encoders[encoder](self.inputs(texts), texts.mask)
        dropped: Tensor = self.dropout(found)
        return dropped

    def encode_questions(self, texts: Texts) -> Cache:
        """The question's share of W x, [B, fused]."""
        return Cache(vector=self.fuse_question(self._features(texts, "qr_question")))

    def encode_sentences(self, texts: Texts) -> Cache:
        """The sentence's share of W x + b, [B, fused]."""
        return Cache(vector=self.fuse_text(self._features(texts, "qr_text")))

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits of the QR task, [B]."""
        fused = torch.tanh(questions.whole + sentences.whole)
        logit: Tensor = self.heads["qr"](fused).squeeze(-1)
        return logit


def loss(
    network: CqaHard,
    asked: Sequence[str],
    said: Sequence[str],
    label: Tensor,
    task: Task,
) -> Tensor:
    """Cross-entropy of one task divided by the batch size."""
    logit = network(network.read(asked), network.read(said), task=task)
    return F.binary_cross_entropy_with_logits(logit, label)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Pre-train on QA, fine-tune on QR, as all multi-task methods of the paper."""
    examples.check()
    torch.manual_seed(recipe.seed)
    words, vectors = examples.words.words, examples.words.vectors
    config = CqaHardConfig(
        vector_size=vectors.shape[1],
        n_filters=recipe.n_filters,
        filter_width=recipe.filter_width,
        fused_size=recipe.fused_size,
        dropout=recipe.dropout,
        max_tokens=recipe.max_tokens,
    )
    network = CqaHard(config, words)
    network.inputs.set_vectors(vectors)
    chosen, epochs, history = train_two_tasks(
        network,
        examples,
        recipe,
        loss_qa=partial(loss, task="qa"),
        loss_qr=partial(loss, task="qr"),
        report=report,
    )
    return Trained(
        network=chosen,
        config=asdict(config),
        words=words,
        chosen={"pretrain_epochs": epochs},
        history=history,
    )


def build(config: Mapping[str, Any], words: Sequence[str]) -> CqaHard:
    """The network of a model folder, before its weights."""
    return CqaHard(CqaHardConfig(**config), words)
