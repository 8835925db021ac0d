"""LateQAR: QAR-net's two views of a pair over a pretrained encoder's states.

This project's own model. It stays factored: an encoder reads each text once, and a
pair costs one matrix of cosines and two small layers. Three parts add up to the logit:

1. Late interaction: how well each piece of the question is matched in the sentence,
   best and mean, plainly and weighted by rarity, both ways; the cosine of the texts;
   and the exact matches of pieces: BM25, two overlaps, the sentence's length.
2. Bi-attention, as in QAR-net (Chen et al. 2019, Eq. 3 to 7), with the cosines in
   place of the learned affinity and the rarity of a piece as its weight: x from the
   question, y from the sentence.
3. R-subnet: self-attention over the sentence alone (Eq. 8, 9), r.

    z = w f(Q, S) + v tanh(A [x * y; |x - y|; r] + a) + b

w starts as the logistic regression on f over the training pairs and v at zero: the
network starts as the strongest simple method and learns what that one misses. It is
trained on the grades, not on labels alone, with the encoder's upper layers; the lower
ones stand still, so their states are computed once. The epoch with the best average
precision on validation is kept, the start among them.

Before that the same network is trained for an epoch on community answers, with answers
to other questions about the same product as negatives; of it the encoder is kept.

| symbol | name in code | shape |
|---|---|---|
| h, states of the encoder | `states` | [B, L, H] |
| C_ij = cos(q_i, s_j) | `cosines` | [B, N, M] |
| f | `features` | [B, 13] |
| P h | `project` | [B, L, d] |
| a^R, r | `self_attention` | [B, M], [B, d] |
| w, b; A, a; v | `linear`; `hidden`; `out` | |
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional as F

from models.answers.attention import Attention, WeightedText, weighted
from models.answers.examples import Examples, Pairs, Recipe, Report, Trained
from models.answers.factored import Cache, of_pairs
from models.answers.late_regression import inner, piece_rarity
from models.encoder import Encoder, Tokens, WordPieces, pretrained
from models.layers import SelfAttention, attend, masked_softmax
from models.metrics import average_precision
from models.ragged import Ragged
from models.training import Log, fit, once, training_device

N_FEATURES = 13
_K1, _B = 1.2, 0.75
_N_NEGATIVES = 4
_TEXTS_AT_ONCE = 128


class LateQar(nn.Module):
    """The network; `rarity`, `mean` and `scale` are counted, not learned."""

    rarity: Tensor
    average: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(
        self, encoder: Encoder, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.max_tokens = int(config["max_tokens"])
        size = int(config["size"])
        self.register_buffer("rarity", torch.ones(len(words)))
        self.register_buffer("average", torch.tensor(1.0))
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.linear = nn.Linear(N_FEATURES, 1)
        self.project = nn.Linear(encoder.size, size, bias=False)
        self.self_attention = SelfAttention(size=size, hidden_size=size)
        self.heat = nn.Parameter(torch.tensor(2.0))
        self.hidden = nn.Linear(3 * size, size)
        self.out = nn.Linear(size, 1, bias=False)
        nn.init.zeros_(self.out.weight)
        self.dropout = nn.Dropout(float(config["dropout"]))

    def read(self, texts: Sequence[str]) -> Tokens:
        """Word pieces, on the network's device."""
        found = self.pieces.read(texts, self.max_tokens)
        return found.to(self.linear.weight.device)

    def lengths(self, texts: Sequence[str]) -> np.ndarray:
        """Word pieces of each text, [n]."""
        return self.pieces.lengths(texts, self.max_tokens)

    def encode_questions(self, texts: Tokens) -> Cache:
        """All of one text, see `cached`."""
        return self.cached(self.encoder(texts), texts.ids, texts.mask)

    def encode_sentences(self, texts: Tokens) -> Cache:
        """All of one text, see `cached`."""
        return self.cached(self.encoder(texts), texts.ids, texts.mask)

    def cached(self, states: Tensor, ids: Tensor, mask: Tensor) -> Cache:
        """What a pair needs of a text.

        Returns:
            Of each piece but [CLS] and [SEP]: its state of length one, P h, its
            rarity and its id, [B, L, H + d + 2]. Of the text: the mean state of
            length one and r, [B, H + d].
        """
        states = states.float()
        kept = inner(mask)
        projected = self.project(states)
        rarity = self.rarity[ids]
        _, alone = self.self_attention(projected, kept)
        mean = (states * mask.unsqueeze(2)).sum(dim=1)
        tokens = [
            F.normalize(states, dim=-1),
            projected,
            rarity.unsqueeze(2),
            ids.unsqueeze(2).float(),
        ]
        return Cache(
            states=torch.cat(tokens, dim=2),
            mask=kept,
            vector=torch.cat([F.normalize(mean, dim=-1), alone], dim=1),
        )

    def features(self, questions: Cache, sentences: Cache) -> Tensor:
        """F of pairs, [B, 13], unscaled."""
        return self._features(questions, sentences, self._cosines(questions, sentences))

    def score_pairs(self, questions: Cache, sentences: Cache) -> Tensor:
        """Logits, [B]."""
        cosines = self._cosines(questions, sentences)
        features = self._features(questions, sentences, cosines)
        linear = self.linear((features - self.mean) / self.scale)
        x, y = self._bi_attention(questions, sentences, cosines)
        r = sentences.whole[:, self.encoder.size :]
        pair = self.dropout(torch.cat([x * y, (x - y).abs(), r], dim=1))
        hidden = self.dropout(torch.tanh(self.hidden(pair)))
        logit: Tensor = (linear + self.out(hidden)).squeeze(-1)
        return logit

    def _cosines(self, questions: Cache, sentences: Cache) -> Tensor:
        size = self.encoder.size
        asked, said = questions.tokens[0], sentences.tokens[0]
        return asked[..., :size] @ said[..., :size].transpose(1, 2)  # [B, N, M]

    def _features(self, questions: Cache, sentences: Cache, cosines: Tensor) -> Tensor:
        size = self.encoder.size
        asked, mask_asked = questions.tokens
        said, mask_said = sentences.tokens
        both = mask_asked.unsqueeze(2) & mask_said.unsqueeze(1)
        rare_asked = asked[..., -2] * mask_asked
        rare_said = said[..., -2] * mask_said
        cosine = (questions.whole[:, :size] * sentences.whole[:, :size]).sum(dim=1)
        is_same = (asked[..., -1].unsqueeze(2) == said[..., -1].unsqueeze(1)) & both
        length = mask_said.sum(dim=1, keepdim=True)
        frequency = is_same.sum(dim=2)
        norm = _K1 * (1 - _B + _B * length / self.average)
        gain = frequency * (_K1 + 1) / (frequency + norm)
        found = [
            *_matches(cosines, both, mask_asked.float(), rare_asked),
            *_matches(
                cosines.transpose(1, 2),
                both.transpose(1, 2),
                mask_said.float(),
                rare_said,
            ),
            cosine,
            (rare_asked * gain).sum(dim=1),
            _mean((frequency > 0).float(), mask_asked.float()),
            _mean((frequency > 0).float(), rare_asked),
            torch.log1p(length.squeeze(1)),
        ]
        return torch.stack(found, dim=1)

    def _bi_attention(
        self, questions: Cache, sentences: Cache, cosines: Tensor
    ) -> tuple[Tensor, Tensor]:
        """X and y, [B, d] each."""
        size = self.encoder.size
        to_said, to_asked = self._weights(questions, sentences, cosines)
        return (
            attend(to_asked, questions.tokens[0][..., size:-2]),
            attend(to_said, sentences.tokens[0][..., size:-2]),
        )

    def _weights(
        self, questions: Cache, sentences: Cache, cosines: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attention over the sentence [B, M] and over the question [B, N]."""
        asked, mask_asked = questions.tokens
        said, mask_said = sentences.tokens
        rare_asked = asked[..., -2] * mask_asked
        rare_said = said[..., -2] * mask_said
        to_said = (cosines * rare_asked.unsqueeze(2)).sum(dim=1)
        to_said = to_said / rare_asked.sum(dim=1, keepdim=True).clamp(min=1e-6)
        to_asked = (cosines * rare_said.unsqueeze(1)).sum(dim=2)
        to_asked = to_asked / rare_said.sum(dim=1, keepdim=True).clamp(min=1e-6)
        weights_said = masked_softmax(
            self.heat * (to_said + said[..., -2]) / 2, mask_said
        )
        weights_asked = masked_softmax(
            self.heat * (to_asked + asked[..., -2]) / 2, mask_asked
        )
        return weights_said, weights_asked

    def attention_of(self, question: str, sentence: str) -> Attention:
        """All three attentions of a pair, on the words."""
        asked = self.encode_questions(self.read([question]))
        said = self.encode_sentences(self.read([sentence]))
        to_said, to_asked = self._weights(asked, said, self._cosines(asked, said))
        states, mask = said.tokens
        to_review, _ = self.self_attention(states[..., self.encoder.size : -2], mask)
        return Attention(
            question=self._on_words(question, to_asked[0]),
            sentence=self._on_words(sentence, to_said[0]),
            review=self._on_words(sentence, to_review[0]),
            note="A part of the score comes from the matches of words, which no"
            " attention shows.",
        )

    def _on_words(self, text: str, weights: Tensor) -> WeightedText:
        spans = self.pieces.word_spans(text, self.max_tokens)
        if not spans:  # [CLS] stands for a text without a piece
            return weighted(text, [(0, len(text))], weights[:1])
        return weighted(text, spans, weights[1:-1])


def _matches(
    cosines: Tensor, both: Tensor, plain: Tensor, rarity: Tensor
) -> Iterator[Tensor]:
    """Best and mean match of each row's piece, plainly and by rarity, [B] each."""
    best = cosines.masked_fill(~both, -1.0).amax(dim=2)
    mean = (cosines * both).sum(dim=2) / both.sum(dim=2).clamp(min=1)
    for match in (best, mean):
        for weight in (plain, rarity):
            yield _mean(match, weight)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-6)


class _Lower:
    """States of distinct texts below the layers that are trained, computed once."""

    def __init__(self, network: LateQar, texts: Sequence[str], n_trained: int) -> None:
        self._network = network
        self._first = max(0, network.encoder.n_layers - n_trained)
        self._places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        distinct = list(self._places)
        order = np.argsort(network.lengths(distinct), kind="stable")
        parts, ids = [], []
        network.eval()
        with torch.inference_mode():
            for start in range(0, len(order), _TEXTS_AT_ONCE):
                places = order[start : start + _TEXTS_AT_ONCE]
                tokens = network.read([distinct[place] for place in places])
                states = network.encoder.frozen(tokens, self._first)
                parts.append(Ragged.of(states, tokens.mask))
                ids.append(Ragged.of(tokens.ids.unsqueeze(2), tokens.mask))
        where = torch.from_numpy(order).to(network.linear.weight.device)
        self._states = Ragged.concat(parts, where)
        self._ids = Ragged.concat(ids, where)

    def caches(self, texts: Sequence[str]) -> Cache:
        """Caches of some texts, with gradients; each distinct text is encoded once."""
        distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        device = self._network.linear.weight.device
        rows = torch.tensor([self._places[text] for text in distinct], device=device)
        found = self._upper(rows)
        back = torch.tensor([distinct[text] for text in texts], device=device)
        kept, inner_mask = found.tokens
        return Cache(kept[back], inner_mask[back], found.whole[back])

    def _upper(self, rows: Tensor) -> Cache:
        states, mask = self._states.padded(rows)
        ids, _ = self._ids.padded(rows)
        encoder = self._network.encoder
        states = encoder.layers(states.clone(), mask, self._first, encoder.n_layers)
        return self._network.cached(states, ids.squeeze(2).clone() * mask, mask)


def by_question(pairs: Pairs, *, n_negatives: int) -> Any:
    """Epochs whose batches hold whole questions: their sentences compete.

    All positives, and so many random negatives for each, drawn anew every epoch.
    """
    names = {text: place for place, text in enumerate(dict.fromkeys(pairs.questions))}
    question = np.array([names[text] for text in pairs.questions])

    def batches(
        labels: np.ndarray, rng: np.random.Generator, batch_size: int
    ) -> Iterator[np.ndarray]:
        positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
        size = min(len(negatives), n_negatives * len(positives))
        places = np.concatenate([positives, rng.choice(negatives, size, replace=False)])
        shuffled = rng.permutation(len(names))
        places = places[np.argsort(shuffled[question[places]], kind="stable")]
        cuts = np.flatnonzero(np.diff(shuffled[question[places]])) + 1
        found: list[np.ndarray] = []
        for group in np.split(places, cuts):
            found.append(group)
            if sum(map(len, found)) >= batch_size:
                yield np.concatenate(found)
                found = []
        if found:
            yield np.concatenate(found)

    return batches


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Adapt the encoder to community answers, if any, then train on QR pairs."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = pretrained(recipe.encoder)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
        "size": recipe.late_size,
        "dropout": recipe.late_dropout,
    }
    network = LateQar(source.encoder(), source.words, config)
    network.to(training_device())  # texts are read before `fit`
    n_frozen = max(0, network.encoder.n_layers - recipe.late_trained_layers)
    network.encoder.bert.embeddings.requires_grad_(False)
    network.encoder.bert.encoder.layer[:n_frozen].requires_grad_(False)
    log = Log(report)
    qa = examples.qa_of_product.first(recipe.encoder_qa_pairs)
    if len(set(qa.labels)) == 2:
        _adapt(network, qa, recipe, log)
    lower = _prepared(network, examples.qr, examples.validation, recipe)
    _fit(network, lower, examples.qr, recipe, log, examples.validation)
    return Trained(
        network=network.eval(),
        config=config,
        words=source.words,
        history=log.history,
    )


def _adapt(network: LateQar, qa: Pairs, recipe: Recipe, log: Log) -> None:
    """Train the encoder's upper layers on community answers; the rest starts anew."""
    rng = np.random.default_rng(recipe.seed)
    own = {
        name: one.clone()
        for name, one in network.state_dict().items()
        if not name.startswith("encoder.")
    }

    def work() -> None:
        lower = _prepared(network, qa, None, recipe)
        _fit(network, lower, qa, recipe, log, None)

    rates = [recipe.encoder_learning_rate, recipe.learning_rate, recipe.late_dropout]
    sizes = [recipe.encoder_batch_size, recipe.late_trained_layers, recipe.max_tokens]
    once(network, rng, [rates, sizes, qa.questions, qa.texts, qa.labels], work)
    network.load_state_dict(own, strict=False)


def _prepared(
    network: LateQar, pairs: Pairs, held: Pairs | None, recipe: Recipe
) -> "_Lower":
    """Count the words of the pairs and start from the regression on them."""
    texts = list(dict.fromkeys([*pairs.questions, *pairs.texts]))
    network.rarity.copy_(piece_rarity(network.pieces, len(network.rarity), texts))
    network.average.fill_(float(np.mean(network.lengths(texts))) - 2)
    more = [] if held is None else [*held.questions, *held.texts]
    lower = _Lower(network, [*texts, *more], recipe.late_trained_layers)
    _start(network, lower, pairs)
    return lower


def _start(network: LateQar, lower: _Lower, pairs: Pairs) -> None:
    """Set `linear` to the logistic regression on the features."""
    found = of_pairs(
        network, pairs.questions, pairs.texts, network.features, lower.caches
    )
    scaler = StandardScaler().fit(found)  # 1 for a feature that is always the same
    network.mean.copy_(torch.from_numpy(scaler.mean_))
    network.scale.copy_(torch.from_numpy(scaler.scale_))
    fitted = LogisticRegression(class_weight="balanced", max_iter=1000).fit(
        scaler.transform(found), np.array(pairs.labels)
    )
    with torch.no_grad():
        network.linear.weight[0] = torch.from_numpy(fitted.coef_[0]).float()
        network.linear.bias.fill_(float(fitted.intercept_[0]))


def loss(network: LateQar, lower: _Lower, pairs: Pairs, places: np.ndarray) -> Tensor:
    """Cross-entropy against the grades, divided by the batch size."""
    asked = lower.caches([pairs.questions[place] for place in places])
    said = lower.caches([pairs.texts[place] for place in places])
    logit = network.score_pairs(asked, said)
    target = torch.from_numpy(pairs.targets[places]).to(logit.device)
    return F.binary_cross_entropy_with_logits(logit, target)


def _fit(
    network: LateQar,
    lower: _Lower,
    pairs: Pairs,
    recipe: Recipe,
    log: Log,
    validation: Pairs | None,
) -> None:
    def evaluate(held: Pairs) -> float:
        logits = of_pairs(
            network, held.questions, held.texts, network.score_pairs, lower.caches
        )
        return average_precision(np.array(held.labels), logits)

    fit(
        network,
        lambda places: loss(network, lower, pairs, places),
        np.array(pairs.labels),
        phase="pre-train" if validation is None else "fine-tune",
        learning_rate=recipe.learning_rate,
        rates={"encoder": recipe.encoder_learning_rate},
        weight_decay=0.01,
        clip=1.0,
        batch_size=recipe.encoder_batch_size,
        max_epochs=1 if validation is None else recipe.encoder_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=by_question(pairs, n_negatives=_N_NEGATIVES),
        evaluate=None if validation is None else (lambda: evaluate(validation)),
        has_start=True,
        patience=2,
        max_seconds=recipe.max_seconds,
        report=log,
    )


def build(config: Mapping[str, Any], words: Sequence[str]) -> LateQar:
    """The network of a model folder, before its weights."""
    return LateQar(Encoder(config["encoder"]), words, config)
