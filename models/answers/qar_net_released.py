"""What the released code of QAR-net does, which is not what its equations say.

chen89/PRQA-MultitaskAttentiveNet as models.md 2.10 describes it, items 1 to 13, from
that description alone. Texts are 80 tokens: shorter ones are padded with zero vectors,
longer ones lose their beginning, and nothing is masked. With H = BiGRU(x):

    G = H^Q U (H^A)^T                                          no tanh
    a^Q = softmax(max_j G_ij),  a^A = softmax(max_i G_ij)      max, not sum
    u^QA = tanh(W_Q r^Q + W_A r^A),  g^QR = tanh(W_Q r^Q + W_A r^R)

The A-subnet reaches the QR score through the question's attention alone. Losses are
sums over the batch; 1 epoch of pre-training, 50 of fine-tuning, Adam at 1e-3; no
characters, no dropout, no early stopping; a batch is 64 positives and 64 negatives,
the last chunk of positives is filled up with earlier ones.

Three flaws can be switched: `slot_bias` (item 7: the output bias has a value for each
place in the batch), `batch_r1` (item 8: R1 is the norm of the dot products of question
and review attentions over all pairs of the batch), `batch_r2` (item 9: R2 is one norm
over the batch, negatives too). Without the last two they are Eq. 16 and 17, R1 over the
review's two attentions.

Deviation: with `slot_bias` a pair is scored with the mean of the biases, since a
score must not depend on the pairs beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.attention import Attention, weighted
from models.answers.examples import Examples, Flaw, Pairs, Recipe, Report, Trained
from models.answers.factored import Cache
from models.layers import attend, truncated_normal_
from models.training import Log, fit
from models.vocabulary import OOV, PAD, Vocabulary, token_spans, tokenise

_LENGTH = 80
_HALF_BATCH = 64
_FINE_TUNE_EPOCHS = 50
_EPSILON = 1e-8


@dataclass(frozen=True)
class ReleasedConfig:
    """Sizes, saved with the weights.

    Attributes:
        vector_size: Width of the word vectors.
        hidden_size: u, GRU units per direction.
        attention_size: k, hidden units of the self-attention.
        has_slot_bias: Item 7.
    """

    vector_size: int
    hidden_size: int
    attention_size: int
    has_slot_bias: bool


@dataclass(frozen=True)
class ReleasedOutput:
    """Of a batch of pairs.

    Attributes:
        logit: [B].
        to_question: a^Q, [B, 80].
        to_sentence: a^A, [B, 80].
        to_review: a^R, [B, 80].
        question: r^Q, [B, 2u].
        review: r^R, [B, 2u].
    """

    logit: Tensor
    to_question: Tensor
    to_sentence: Tensor
    to_review: Tensor
    question: Tensor
    review: Tensor


class ReleasedQarNet(nn.Module):
    """The network of the released code."""

    def __init__(self, config: ReleasedConfig, words: Sequence[str]) -> None:
        """Build with random weights and zero word vectors."""
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(tuple(words))
        size, width = config.vector_size, 2 * config.hidden_size
        self.vectors = nn.Embedding(
            len(self.vocabulary),
            size,
            _weight=torch.zeros(len(self.vocabulary), size),
        )
        self.vectors.weight.requires_grad_(False)

        def encoder() -> nn.GRU:
            return nn.GRU(
                size, config.hidden_size, batch_first=True, bidirectional=True
            )

        self.question, self.answer, self.review = encoder(), encoder(), encoder()
        self.affinity = nn.Linear(width, width, bias=False)  # U
        self.project = nn.Linear(width, config.attention_size, bias=False)  # U^r
        self.attention = nn.Linear(config.attention_size, 1, bias=False)  # v
        self.fuse_question = nn.Linear(width, width, bias=False)  # W_Q
        self.fuse_text = nn.Linear(width, width, bias=False)  # W_A
        self.head_qa = nn.Linear(width, 1, bias=False)
        self.head_qr = nn.Linear(width, 1, bias=False)
        n_biases = 2 * _HALF_BATCH if config.has_slot_bias else 1
        self.bias_qa = nn.Parameter(torch.empty(n_biases))
        self.bias_qr = nn.Parameter(torch.empty(n_biases))
        layers = (
            self.affinity,
            self.project,
            self.attention,
            self.fuse_question,
            self.fuse_text,
            self.head_qa,
            self.head_qr,
        )
        for layer in layers:
            truncated_normal_(layer.weight)
        truncated_normal_(self.bias_qa)
        truncated_normal_(self.bias_qr)

    def read(self, texts: Sequence[str]) -> Tensor:
        """Word ids [B, 80]; the end of a longer text."""
        rows = []
        for text in texts:
            ids = [self.vocabulary.id_of(word) for word in tokenise(text)][-_LENGTH:]
            # Unknown words and pads are the same zero vector (item 2).
            known = [PAD if word == OOV else word for word in ids]
            rows.append(known + [PAD] * (_LENGTH - len(known)))
        return torch.tensor(rows, device=self.vectors.weight.device)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """80 for every text, [n]."""
        return np.full(len(texts), _LENGTH)

    def forward_qa(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Logits of the QA task, [B]."""
        asked, _ = self.question(self.vectors(questions))
        said, _ = self.answer(self.vectors(answers))
        to_asked, to_said = _attentions(self.affinity(asked), said)
        fused = torch.tanh(
            self.fuse_question(attend(to_asked, asked))
            + self.fuse_text(attend(to_said, said))
        )
        logit: Tensor = self.head_qa(fused).squeeze(-1) + _slots(self.bias_qa, fused)
        return logit

    def forward(self, questions: Tensor, sentences: Tensor) -> ReleasedOutput:
        """The QR task."""
        asked, _ = self.question(self.vectors(questions))
        said, _ = self.answer(self.vectors(sentences))
        alone, _ = self.review(self.vectors(sentences))
        to_asked, to_said = _attentions(self.affinity(asked), said)
        to_review = self._self_attention(alone)
        question, review = attend(to_asked, asked), attend(to_review, alone)
        pair = torch.tanh(self.fuse_question(question) + self.fuse_text(review))
        return ReleasedOutput(
            logit=self.head_qr(pair).squeeze(-1) + _slots(self.bias_qr, pair),
            to_question=to_asked,
            to_sentence=to_said,
            to_review=to_review,
            question=question,
            review=review,
        )

    def _self_attention(self, states: Tensor) -> Tensor:
        scores = self.attention(torch.tanh(self.project(states))).squeeze(-1)
        return torch.softmax(scores.float(), dim=-1)

    def encode_questions(self, texts: Tensor) -> Cache:
        """U H^Q and W_Q H^Q side by side, [B, 80, 4u]."""
        states, _ = self.question(self.vectors(texts))
        both = torch.cat([self.affinity(states), self.fuse_question(states)], dim=-1)
        return Cache(states=both, mask=torch.ones_like(texts, dtype=torch.bool))

    def encode_sentences(self, texts: Tensor) -> Cache:
        """H^A, [B, 80, 2u], and W_A r^R, [B, 2u]."""
        states, _ = self.answer(self.vectors(texts))
        alone, _ = self.review(self.vectors(texts))
        review = attend(self._self_attention(alone), alone)
        return Cache(
            states=states,
            mask=torch.ones_like(texts, dtype=torch.bool),
            vector=self.fuse_text(review),
        )

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits of pairs from their caches, [B]."""
        keyed, fused = questions.tokens[0].chunk(2, dim=-1)
        to_asked, _ = _attentions(keyed, sentences.tokens[0])
        pair = torch.tanh(attend(to_asked, fused) + sentences.whole)
        logit: Tensor = self.head_qr(pair).squeeze(-1) + self.bias_qr.mean()
        return logit

    def attention_of(self, question: str, sentence: str) -> Attention:
        """All three attentions of a pair, on the words and on the padding."""
        output = self(self.read([question]), self.read([sentence]))
        asked = token_spans(question)[-_LENGTH:]
        said = token_spans(sentence)[-_LENGTH:]
        return Attention(
            question=weighted(question, asked, output.to_question[0]),
            sentence=weighted(sentence, said, output.to_sentence[0]),
            review=weighted(sentence, said, output.to_review[0]),
            note="Preset released_code: the answer pattern does not enter the score,"
            " and padding takes a part of the weight.",
        )


def _attentions(keyed: Tensor, said: Tensor) -> tuple[Tensor, Tensor]:
    """a^Q and a^A of U H^Q and H^A, items 4 and 5."""
    affinity = (keyed @ said.transpose(1, 2)).float()  # [B, N, M]
    return (
        torch.softmax(affinity.amax(dim=2), dim=-1),
        torch.softmax(affinity.amax(dim=1), dim=-1),
    )


def _slots(bias: Tensor, batch: Tensor) -> Tensor:
    return bias[: len(batch)] if len(bias) > 1 else bias


def loss_qr(
    output: ReleasedOutput,
    label: Tensor,
    *,
    mu: float,
    eta: float,
    flaws: Sequence[Flaw],
) -> Tensor:
    """Sums over the batch (item 10), with R1 and R2 as the flaws say."""
    entropy = F.binary_cross_entropy_with_logits(output.logit, label, reduction="sum")
    if "batch_r1" in flaws:
        r1 = (output.to_question @ output.to_review.T).norm()
    else:
        r1 = (output.to_sentence * output.to_review).sum()
    squared: Tensor = (output.question - output.review).square()
    if "batch_r2" in flaws:
        r2 = (squared.sum() + _EPSILON).sqrt()
    else:
        r2 = ((squared.sum(dim=1) + _EPSILON).sqrt() * label).sum()
    total: Tensor = entropy + mu * r1 + eta * r2
    return total


def half_batches(
    labels: np.ndarray, rng: np.random.Generator, batch_size: int
) -> Iterator[np.ndarray]:
    """Item 11: 64 positives and 64 negatives; the last positives are filled up.

    A set with fewer than 64 of a class repeats them.
    """
    half = batch_size // 2
    positives = rng.permutation(np.flatnonzero(labels == 1))
    negatives = rng.permutation(np.flatnonzero(labels == 0))
    for start in range(0, len(positives), half):
        chosen = np.arange(start, start + half) % len(positives)
        others = np.arange(start, start + half) % len(negatives)
        yield np.concatenate([positives[chosen], negatives[others]])


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """One epoch of QA, fifty of QR; validation chooses nothing but the threshold."""
    examples.check()
    torch.manual_seed(recipe.seed)
    words, vectors = examples.words.words, examples.words.vectors
    config = ReleasedConfig(
        vector_size=vectors.shape[1],
        hidden_size=recipe.hidden_size,
        attention_size=recipe.attention_size,
        has_slot_bias="slot_bias" in recipe.released_flaws,
    )
    network = ReleasedQarNet(config, words)
    with torch.no_grad():
        network.vectors.weight[OOV + 1 :] = torch.from_numpy(vectors)
    log = Log(report)

    def loss_of_qa(places: np.ndarray) -> Tensor:
        asked, said, label = _batch(network, examples.qa, places)
        logit = network.forward_qa(asked, said)
        return F.binary_cross_entropy_with_logits(logit, label, reduction="sum")

    def loss_of_qr(places: np.ndarray) -> Tensor:
        asked, said, label = _batch(network, examples.qr, places)
        return loss_qr(
            network(asked, said),
            label,
            mu=recipe.mu,
            eta=recipe.eta,
            flaws=recipe.released_flaws,
        )

    phases = [
        ("pre-train", loss_of_qa, examples.qa, 1),
        ("fine-tune", loss_of_qr, examples.qr, _FINE_TUNE_EPOCHS),
    ]
    rng = np.random.default_rng(recipe.seed)
    for phase, loss, pairs, epochs in phases:
        if len(set(pairs.labels)) == 2:
            fit(
                network,
                loss,
                np.array(pairs.labels),
                phase=phase,
                learning_rate=1e-3,
                batch_size=2 * _HALF_BATCH,
                max_epochs=epochs,
                rng=rng,
                batches=half_batches,
                max_seconds=recipe.max_seconds,
                report=log,
            )
    return Trained(
        network=network.eval(),
        config={"preset": "released_code", **asdict(config)},
        words=words,
        chosen={"pretrain_epochs": 1.0},
        history=log.history,
    )


def _batch(
    network: ReleasedQarNet, pairs: Pairs, places: np.ndarray
) -> tuple[Tensor, Tensor, Tensor]:
    label = torch.tensor([float(pairs.labels[place]) for place in places])
    return (
        network.read([pairs.questions[place] for place in places]),
        network.read([pairs.texts[place] for place in places]),
        label.to(network.vectors.weight.device),
    )


def build(config: Mapping[str, Any], words: Sequence[str]) -> ReleasedQarNet:
    """The network of a model folder, before its weights."""
    sizes = {name: value for name, value in config.items() if name != "preset"}
    return ReleasedQarNet(ReleasedConfig(**sizes), words)
