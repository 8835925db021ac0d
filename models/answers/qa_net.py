"""QA-net: the left part of QAR-net, the network of three compared methods.

Chen et al. 2019 (models.md 2.8): encoders, bi-attention, u^QA and the output layer of
Eq. 11, without R-subnet; close to the attentive pooling of dos Santos et al. 2016. The
three methods differ in what they are trained on: `qa_net_qa` on community answers,
`qa_net_qr` on labelled sentences, `qa_net_mtl` on both with an output layer each.

| symbol | name in code | shape |
|---|---|---|
| H^Q, H^A (2) | `question`, `answer` states | [B, N or M, 2u] |
| U (3) | `affinity` | [2u, 2u] |
| a^{->QA}, a^{<-QA} (4, 5) | `to_answer`, `to_question` | [B, M], [B, N] |
| W^{->qa}, W^{<-qa} (10) | `fuse_answer`, `fuse_question` | [2u, 2u] |
| w, b of each task (11) | `heads` | [2u], 1 |
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.attention import Attention, weighted
from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.two_tasks import train_two_tasks
from models.layers import BiGru, attend, co_attention_weights, truncated_normal_
from models.vocabulary import token_spans, tokenise
from models.word_inputs import Texts, WordInputs

Task = Literal["qa", "qr"]


@dataclass(frozen=True)
class QaNetConfig:
    """Sizes, saved with the weights.

    Attributes:
        vector_size: Width of the word vectors.
        hidden_size: u, GRU units per direction.
        character_size: Width of the character vector, even; 0 leaves it out.
        dropout: On the states of the BiGRUs, while training.
        max_tokens: Tokens kept of a text, from its start.
        tasks: Output layers; pairs are scored with the last one.
    """

    vector_size: int
    hidden_size: int
    character_size: int
    dropout: float
    max_tokens: int
    tasks: tuple[Task, ...]


class QaNet(nn.Module):
    """Encoders, bi-attention and fusion, and an output layer a task."""

    def __init__(self, config: QaNetConfig, words: Sequence[str]) -> None:
        """Build with random weights and zero word vectors."""
        super().__init__()
        self.config = config
        width = 2 * config.hidden_size
        self.inputs = WordInputs(
            words=words,
            vector_size=config.vector_size,
            character_size=config.character_size,
        )
        size = self.inputs.size
        self.question = BiGru(input_size=size, hidden_size=config.hidden_size)
        self.answer = BiGru(input_size=size, hidden_size=config.hidden_size)
        self.affinity = nn.Linear(width, width, bias=False)
        self.fuse_answer = nn.Linear(width, width, bias=False)
        self.fuse_question = nn.Linear(width, width, bias=False)
        self.heads = nn.ModuleDict({task: nn.Linear(width, 1) for task in config.tasks})
        self.dropout = nn.Dropout(config.dropout)
        layers = (self.affinity, self.fuse_answer, self.fuse_question)
        for layer in (*layers, *self.heads.values()):
            truncated_normal_(layer.weight)  # type: ignore[arg-type]

    def read(self, texts: Sequence[str]) -> Texts:
        """Texts as ids, on the network's device."""
        return self.inputs.read(texts, self.config.max_tokens)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the limit, [n]."""
        limit = self.config.max_tokens
        return np.array([min(len(tokenise(text)), limit) for text in texts])

    def forward(self, questions: Texts, texts: Texts, *, task: Task) -> Tensor:
        """Logits of one task, Eq. 11, [B]."""
        asked = self.encode_questions(questions)
        said = self.encode_sentences(texts)
        return self._logit(asked, said, task)

    def encode_questions(self, texts: Texts) -> Cache:
        """U H^Q and W^{<-qa} H^Q side by side, [B, N, 4u]."""
        states = self.dropout(self.question(self.inputs(texts), texts.mask))
        both = torch.cat([self.affinity(states), self.fuse_question(states)], dim=-1)
        return Cache(states=both, mask=texts.mask)

    def encode_sentences(self, texts: Texts) -> Cache:
        """H^A and W^{->qa} H^A side by side, [B, M, 4u]."""
        states = self.dropout(self.answer(self.inputs(texts), texts.mask))
        both = torch.cat([states, self.fuse_answer(states)], dim=-1)
        return Cache(states=both, mask=texts.mask)

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits of the last task, [B]."""
        return self._logit(questions, sentences, self.config.tasks[-1])

    def _logit(self, questions: Cache, texts: Cache, task: Task) -> Tensor:
        """Eq. 10 and 11; linear maps commute with attention averages."""
        _, asked_fused = questions.tokens[0].chunk(2, dim=-1)
        _, said_fused = texts.tokens[0].chunk(2, dim=-1)
        to_said, to_asked = _weights(questions, texts)
        fused = torch.tanh(attend(to_said, said_fused) + attend(to_asked, asked_fused))
        logit: Tensor = self.heads[task](fused).squeeze(-1)
        return logit

    def attention_of(self, question: str, sentence: str) -> Attention:
        """Both attentions of a pair, on the words."""
        to_said, to_asked = _weights(
            self.encode_questions(self.read([question])),
            self.encode_sentences(self.read([sentence])),
        )
        limit = self.config.max_tokens
        return Attention(
            question=weighted(question, token_spans(question)[:limit], to_asked[0]),
            sentence=weighted(sentence, token_spans(sentence)[:limit], to_said[0]),
            review=None,
        )


def _weights(questions: Cache, texts: Cache) -> tuple[Tensor, Tensor]:
    """a^{->QA} [B, M] and a^{<-QA} [B, N] of pairs from their caches, Eq. 3 to 5."""
    asked, mask_asked = questions.tokens
    said, mask_said = texts.tokens
    keyed, _ = asked.chunk(2, dim=-1)
    states, _ = said.chunk(2, dim=-1)
    affinity = states @ keyed.transpose(1, 2)  # [B, M, N]
    return co_attention_weights(affinity, mask_said, mask_asked)


def loss(
    network: QaNet, asked: Sequence[str], said: Sequence[str], label: Tensor, task: Task
) -> Tensor:
    """Eq. 14 or 15 divided by the batch size."""
    logit = network(network.read(asked), network.read(said), task=task)
    return F.binary_cross_entropy_with_logits(logit, label)


def train_tasks(
    examples: Examples, recipe: Recipe, report: Report, *, tasks: tuple[Task, ...]
) -> Trained:
    """Train on the given tasks, QA before QR."""
    examples.check()
    torch.manual_seed(recipe.seed)
    words, vectors = examples.words.words, examples.words.vectors
    config = QaNetConfig(
        vector_size=vectors.shape[1],
        hidden_size=recipe.hidden_size,
        character_size=recipe.character_size,
        dropout=recipe.dropout,
        max_tokens=recipe.max_tokens,
        tasks=tasks,
    )
    network = QaNet(config, words)
    network.inputs.set_vectors(vectors)
    chosen, epochs, history = train_two_tasks(
        network,
        examples,
        recipe,
        loss_qa=partial(loss, task="qa") if "qa" in tasks else None,
        loss_qr=partial(loss, task="qr") if "qr" in tasks else None,
        report=report,
    )
    return Trained(
        network=chosen,
        config=asdict(config),
        words=words,
        chosen={"pretrain_epochs": epochs},
        history=history,
    )


def build(config: Mapping[str, Any], words: Sequence[str]) -> QaNet:
    """The network of a model folder, before its weights."""
    return QaNet(QaNetConfig(**{**config, "tasks": tuple(config["tasks"])}), words)
