"""QAR-net: does a review sentence answer a question?

Chen, Guan, Zhao, Zhao, Wang, Zhao, Sun: *Answer Identification from Product Reviews
for User Questions by Multi-Task Attentive Networks*, AAAI 2019. Equations (1) to (18)
by the paper's numbers. A Q-subnet and an A-subnet meet in a bi-attention and are
trained on community answers too; an R-subnet reads the review sentence alone. In the
QR task the sentence goes through the A-subnet and the R-subnet.

| symbol | name in code | shape |
|---|---|---|
| H^Q, H^A, H^R (2) | `question`, `answer`, `review` states | [B, N or M, 2u] |
| U (3) | `affinity` | [2u, 2u] |
| a^{->QA}, a^{<-QA} (4, 5) | `to_answer`, `to_question` | [B, M], [B, N] |
| r^{->QA}, r^{<-QA} (6, 7) | weighted means of the states | [B, 2u] |
| U^r, v, a^R, r^R (8, 9) | `self_attention` | [B, M], [B, 2u] |
| W^{->qa}, W^{<-qa}, w^qa (10, 11) | `fuse_answer`, `fuse_question`, `head_qa` | |
| W^qr, W^r, w^qr (12, 13) | `fuse_pair`, `fuse_review`, `head_qr` | |

Decisions where the paper is silent are those of models.md 2.11: one character RNN for
all three texts, frozen word vectors, an unknown word has a zero word vector. Linear
maps commute with averaging, so that `encode_questions` and `encode_sentences` hold all
that depends on one text and `score_pairs` has no recurrence (models.md 2.13, exact).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers import qar_net_released
from models.answers.attention import Attention, weighted
from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.factored import Cache
from models.answers.two_tasks import train_two_tasks
from models.layers import (
    BiGru,
    Pool,
    SelfAttention,
    attend,
    co_attention_weights,
    truncated_normal_,
)
from models.vocabulary import token_spans, tokenise
from models.word_inputs import Texts, WordInputs

_DISTANCE_EPSILON = 1e-8


@dataclass(frozen=True)
class QarNetConfig:
    """Sizes and switches, saved with the weights.

    Attributes:
        vector_size: Width of the word vectors.
        hidden_size: u, GRU units per direction.
        attention_size: k, hidden units of the self-attention.
        character_size: Width of the character vector, even; 0 leaves it out.
        dropout: On the states of the BiGRUs, while training.
        max_tokens: Tokens kept of a text, from its start.
        pool: How the affinity becomes attention scores.
        has_tanh: Whether the affinity is squashed.
        pool_power: See `co_attention_weights`.
    """

    vector_size: int
    hidden_size: int
    attention_size: int
    character_size: int
    dropout: float
    max_tokens: int
    pool: Pool = "sum"
    has_tanh: bool = True
    pool_power: float = 0.0


@dataclass(frozen=True)
class PairOutput:
    """What the network says of a batch of question-sentence pairs.

    Attributes:
        logit: Of Eq. 13, [B].
        to_sentence: a^{->QR}, [B, M].
        to_question: a^{<-QR}, [B, N].
        to_review: a^R, [B, M].
        question: r^{<-QR}, [B, 2u].
        review: r^R, [B, 2u].
    """

    logit: Tensor
    to_sentence: Tensor
    to_question: Tensor
    to_review: Tensor
    question: Tensor
    review: Tensor


class QarNet(nn.Module):
    """The whole network; the word vectors are a frozen table with its weights."""

    def __init__(self, config: QarNetConfig, words: Sequence[str]) -> None:
        """Build with random weights and zero word vectors.

        Args:
            config: Sizes.
            words: The vocabulary.
        """
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
        self.review = BiGru(input_size=size, hidden_size=config.hidden_size)
        self.affinity = nn.Linear(width, width, bias=False)
        self.self_attention = SelfAttention(
            size=width, hidden_size=config.attention_size
        )
        self.fuse_answer = nn.Linear(width, width, bias=False)
        self.fuse_question = nn.Linear(width, width, bias=False)
        self.fuse_pair = nn.Linear(width, width, bias=False)
        self.fuse_review = nn.Linear(width, width, bias=False)
        self.head_qa = nn.Linear(width, 1)
        self.head_qr = nn.Linear(width, 1)
        self.dropout = nn.Dropout(config.dropout)
        for layer in (
            self.affinity,
            self.fuse_answer,
            self.fuse_question,
            self.fuse_pair,
            self.fuse_review,
            self.head_qa,
            self.head_qr,
        ):
            truncated_normal_(layer.weight)

    def read(self, texts: Sequence[str]) -> Texts:
        """Texts as ids, on the network's device."""
        return self.inputs.read(texts, self.config.max_tokens)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens of each text, cut at the limit, [n]."""
        limit = self.config.max_tokens
        return np.array([min(len(tokenise(text)), limit) for text in texts])

    def forward_qa(self, questions: Texts, answers: Texts) -> Tensor:
        """Logit that the answer belongs to the question, Eq. 11, [B]."""
        asked = self._states(self.question, questions)
        said = self._states(self.answer, answers)
        fused, _, _, _ = self._bi_attention(asked, said, questions.mask, answers.mask)
        logit: Tensor = self.head_qa(fused).squeeze(-1)
        return logit

    def forward(self, questions: Texts, sentences: Texts) -> PairOutput:
        """Whether each sentence answers its question, Eq. 13."""
        asked = self._states(self.question, questions)
        said = self._states(self.answer, sentences)
        fused, to_sentence, to_question, summary = self._bi_attention(
            asked, said, questions.mask, sentences.mask
        )
        alone = self._states(self.review, sentences)
        to_review, review = self.self_attention(alone, sentences.mask)
        pair = torch.tanh(self.fuse_pair(fused) + self.fuse_review(review))  # (12)
        return PairOutput(
            logit=self.head_qr(pair).squeeze(-1),
            to_sentence=to_sentence,
            to_question=to_question,
            to_review=to_review,
            question=summary,
            review=review,
        )

    def _states(self, encoder: BiGru, texts: Texts) -> Tensor:
        """BiGRU over word and character vectors, Eq. 1 and 2, [B, L, 2u]."""
        states: Tensor = self.dropout(encoder(self.inputs(texts), texts.mask))
        return states

    def _bi_attention(
        self, asked: Tensor, said: Tensor, mask_asked: Tensor, mask_said: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """u^QA (10) with both attentions (4, 5) and r^{<-QA} (7)."""
        affinity = said @ self.affinity(asked).transpose(1, 2)  # [B, M, N]
        to_said, to_asked = co_attention_weights(
            affinity,
            mask_said,
            mask_asked,
            pool=self.config.pool,
            has_tanh=self.config.has_tanh,
            pool_power=self.config.pool_power,
        )
        of_said, of_asked = attend(to_said, said), attend(to_asked, asked)
        fused = torch.tanh(self.fuse_answer(of_said) + self.fuse_question(of_asked))
        return fused, to_said, to_asked, of_asked

    def encode_questions(self, texts: Texts) -> Cache:
        """U H^Q and W^{<-qa} H^Q side by side, [B, N, 4u] (models.md 2.13)."""
        states = self._states(self.question, texts)
        both = torch.cat([self.affinity(states), self.fuse_question(states)], dim=-1)
        return Cache(states=both, mask=texts.mask)

    def encode_sentences(self, texts: Texts) -> Cache:
        """H^A and W^{->qa} H^A side by side, [B, M, 4u]; W^r r^R, [B, 2u]."""
        states = self._states(self.answer, texts)
        alone = self._states(self.review, texts)
        _, review = self.self_attention(alone, texts.mask)
        return Cache(
            states=torch.cat([states, self.fuse_answer(states)], dim=-1),
            mask=texts.mask,
            vector=self.fuse_review(review),
        )

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits of pairs from their caches, [B]: Eq. 3 to 5, 10, 12, 13."""
        asked, mask_asked = questions.tokens
        said, mask_said = sentences.tokens
        keyed, asked_fused = asked.chunk(2, dim=-1)
        states, said_fused = said.chunk(2, dim=-1)
        affinity = states @ keyed.transpose(1, 2)  # [B, M, N]
        to_said, to_asked = co_attention_weights(
            affinity,
            mask_said,
            mask_asked,
            pool=self.config.pool,
            has_tanh=self.config.has_tanh,
            pool_power=self.config.pool_power,
        )
        fused = torch.tanh(attend(to_said, said_fused) + attend(to_asked, asked_fused))
        pair = torch.tanh(self.fuse_pair(fused) + sentences.whole)
        logit: Tensor = self.head_qr(pair).squeeze(-1)
        return logit

    def attention_of(self, question: str, sentence: str) -> Attention:
        """All three attentions of a pair, on the words."""
        output = self(self.read([question]), self.read([sentence]))
        limit = self.config.max_tokens
        asked, said = token_spans(question)[:limit], token_spans(sentence)[:limit]
        return Attention(
            question=weighted(question, asked, output.to_question[0]),
            sentence=weighted(sentence, said, output.to_sentence[0]),
            review=weighted(sentence, said, output.to_review[0]),
        )


def loss_qa(logit: Tensor, label: Tensor) -> Tensor:
    """Eq. 15 divided by the batch size."""
    return F.binary_cross_entropy_with_logits(logit, label)


def loss_qr(
    output: PairOutput, mask: Tensor, label: Tensor, *, mu: float, eta: float
) -> Tensor:
    """Eq. 18 with all three sums divided by the batch size.

    R1 (16) is the scalar product of two attentions over the sentence, so the norm of
    a scalar that is never negative. R2 (17) is the distance of the two summaries of
    the positive pairs alone, with 1e-8 under the root.

    Args:
        output: Of `QarNet.forward`.
        mask: Of the sentences, [B, M].
        label: 1 answers, 0 does not, float [B].
        mu: Weight of R1.
        eta: Weight of R2.
    """
    entropy = F.binary_cross_entropy_with_logits(output.logit, label)
    return entropy + mu * overlap(output, mask).mean() + eta * distance(output, label)


def overlap(output: PairOutput, mask: Tensor) -> Tensor:
    """R1 of each pair, in [0, 1], [B]."""
    return (output.to_sentence * output.to_review * mask).sum(dim=1)


def distance(output: PairOutput, label: Tensor) -> Tensor:
    """R2 of a batch: summed over the positives, divided by the batch size."""
    squared = (output.question - output.review).square().sum(dim=1)
    return ((squared + _DISTANCE_EPSILON).sqrt() * label).mean()


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Pre-train on QA, fine-tune on QR with Eq. 18 (models.md 2.4)."""
    if recipe.preset == "released_code":
        return qar_net_released.train(examples, recipe, report)
    return train_tasks(examples, recipe, report, has_qa=True)


def train_tasks(
    examples: Examples, recipe: Recipe, report: Report, *, has_qa: bool
) -> Trained:
    """Train on both tasks, or on QR alone."""
    examples.check()
    torch.manual_seed(recipe.seed)
    words, vectors = examples.words.words, examples.words.vectors
    config = QarNetConfig(
        vector_size=vectors.shape[1],
        hidden_size=recipe.hidden_size,
        attention_size=recipe.attention_size,
        character_size=recipe.character_size,
        dropout=recipe.dropout,
        max_tokens=recipe.max_tokens,
    )
    network = QarNet(config, words)
    network.inputs.set_vectors(vectors)

    def qa(net: QarNet, asked: Sequence[str], said: Sequence[str], y: Tensor) -> Tensor:
        return loss_qa(net.forward_qa(net.read(asked), net.read(said)), y)

    def qr(net: QarNet, asked: Sequence[str], said: Sequence[str], y: Tensor) -> Tensor:
        sentences = net.read(said)
        output = net(net.read(asked), sentences)
        return loss_qr(output, sentences.mask, y, mu=recipe.mu, eta=recipe.eta)

    chosen, epochs, history = train_two_tasks(
        network,
        examples,
        recipe,
        loss_qa=qa if has_qa else None,
        loss_qr=qr,
        report=report,
    )
    return Trained(
        network=chosen,
        config=asdict(config),
        words=words,
        chosen={"pretrain_epochs": epochs},
        history=history,
    )


def build(
    config: Mapping[str, Any], words: Sequence[str]
) -> QarNet | qar_net_released.ReleasedQarNet:
    """The network of a model folder, before its weights."""
    if config.get("preset") == "released_code":
        return qar_net_released.build(config, words)
    return QarNet(QarNetConfig(**config), words)
