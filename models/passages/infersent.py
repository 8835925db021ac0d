"""InferSent (Conneau et al. 2017; 4.8): a BiLSTM over word vectors, the maximum of it.

    vector(text) = max_i BiLSTM(w_1 ... w_L)_i                     in R^{2 K}, 4,096

With `sentence_weights` (a safetensors file with the names of the published state,
`enc_lstm.*`) and `sentence_vectors` (the GloVe or fastText vectors that those weights
are for) it is what was published, and nothing is trained. Without, the architecture is
trained with the in-batch loss (1) on what there is, over the word pieces and word
embeddings of the pretrained encoder. Score: the inner product.

Deviation: words are cut at every mark, where the published code keeps "n't" and "'s"
together as NLTK does.

| symbol | name in code | shape |
|---|---|---|
| w_i | `embedding` | [B, L, D] |
| BiLSTM | `enc_lstm` | [B, L, 2 K] |
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.encoder import EncoderError, Tokens
from models.hub_encoder import pieces_of, text_encoder_named
from models.passages.dual import fit_kind, matched_loss
from models.passages.examples import Examples, Recipe, Report, Side, Trained
from models.passages.vectors import TextReader
from models.training import Log
from models.vocabulary import VectorsError, read_vectors

_WORD = re.compile(r"\w+|[^\w\s]")
_BEGIN, _END, _UNKNOWN = "<s>", "</s>", "<unk>"


class WholeWords:
    """Words of a text between <s> and </s>; those without a vector are left out."""

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words in the order of their ids."""
        self._ids = {word: place for place, word in enumerate(words)}

    def _rows(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        known, rows = self._ids, []
        for text in texts:
            inner = [known[word] for word in _WORD.findall(text) if word in known]
            kept = inner[: max(0, max_tokens - 2)]
            ends = [known[one] for one in (_BEGIN, _END) if one in known]
            rows.append([*ends[:1], *kept, *ends[1:]] or [known[_UNKNOWN]])
        return rows

    def read(self, texts: Sequence[str], max_tokens: int) -> Tokens:
        """As `WordPieces.read`."""
        rows = self._rows(texts, max_tokens)
        length = max(map(len, rows))
        ids = torch.zeros(len(rows), length, dtype=torch.long)
        mask = torch.zeros(len(rows), length, dtype=torch.bool)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = True
        return Tokens(ids, mask, torch.zeros_like(ids))

    def lengths(self, texts: Sequence[str], max_tokens: int) -> np.ndarray:
        """As `WordPieces.lengths`."""
        return np.array([len(row) for row in self._rows(texts, max_tokens)])


class InferSent(nn.Module):
    """The network; parameters bear the published names."""

    def __init__(self, words: Sequence[str], config: Mapping[str, Any]) -> None:
        super().__init__()
        pieces: Any = (
            WholeWords(words) if config["has_whole_words"] else pieces_of(words, config)
        )
        self.reader = TextReader(
            pieces,
            max_question_tokens=config["max_question_tokens"],
            max_passage_tokens=config["max_passage_tokens"],
        )
        self.embedding = nn.Embedding(
            config.get("n_pieces", len(words)), config["width"]
        )
        self.enc_lstm = nn.LSTM(
            config["width"],
            config["sentence_size"],
            batch_first=True,
            bidirectional=True,
        )
        self.size = 2 * int(config["sentence_size"])

    def read(self, texts: Sequence[str], side: Side) -> Tokens:
        """Ids, on the network's device."""
        return self.reader.read(texts, side).to(self.embedding.weight.device)

    def lengths(self, texts: Sequence[str], side: Side) -> np.ndarray:
        """Ids of each text, [n]."""
        return self.reader.lengths(texts, side)

    def vectors(self, tokens: Tokens, side: Side) -> Tensor:
        """fp32 [B, 2 K]; both sides are read alike."""
        packed = pack_padded_sequence(
            self.embedding(tokens.ids),
            tokens.mask.sum(dim=1).cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        states, _ = self.enc_lstm(packed)
        padded, _ = pad_packed_sequence(
            states, batch_first=True, total_length=tokens.ids.shape[1]
        )
        kept = padded.masked_fill(~tokens.mask.unsqueeze(2), -torch.inf)
        return kept.amax(dim=1).float()


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """The published weights if they are given, else trained with (1)."""
    if recipe.sentence_weights is not None:
        return _published(recipe)
    examples.check()
    torch.manual_seed(recipe.seed)
    source = text_encoder_named(recipe.encoder)
    config = _config(
        recipe,
        width=source.embeddings.shape[1],
        has_whole_words=False,
        reading=source.reading,
    )
    network = InferSent(source.words, config)
    network.embedding.weight.data.copy_(source.embeddings)
    log = Log(report)
    loss = matched_loss(network, examples.training, recipe)
    fit_kind(network, loss, examples, recipe, log, kind="infersent", evaluated=network)
    return Trained(network.eval(), config, source.words, history=log.history)


def _published(recipe: Recipe) -> Trained:
    """With published weights, over all vectors of the file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if recipe.sentence_vectors is None:
        raise EncoderError(
            "sentence_vectors: not given, expected the word vectors that"
            f" {recipe.sentence_weights} is for"
        )
    try:
        weights = load_file(str(recipe.sentence_weights))
    except (OSError, SafetensorError) as error:
        raise EncoderError(f"{recipe.sentence_weights}: {error}") from None
    try:
        known, rows = read_vectors(recipe.sentence_vectors)
    except (OSError, VectorsError) as error:
        raise EncoderError(str(error)) from None
    # The first id is that of a text without any known word, and of pads.
    words = [_UNKNOWN, *(word for word in known if word != _UNKNOWN)]
    is_word = np.array([word != _UNKNOWN for word in known])
    vectors = np.concatenate([np.zeros_like(rows[:1]), rows[is_word]])
    config = _config(
        recipe,
        width=vectors.shape[1],
        has_whole_words=True,
        reading={"is_lower_case": False},
    )
    gate = weights.get("enc_lstm.weight_hh_l0")
    if gate is None:
        raise EncoderError(
            f"{recipe.sentence_weights}: no enc_lstm.weight_hh_l0, expected the names"
            " of the published state"
        )
    config["sentence_size"] = gate.shape[1]
    network = InferSent(words, config)
    network.embedding.weight.data.copy_(torch.from_numpy(vectors))
    try:
        network.load_state_dict(
            {"embedding.weight": network.embedding.weight, **weights}
        )
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        raise EncoderError(f"{recipe.sentence_weights}: {first}") from None
    return Trained(network.eval(), config, words)


def _config(
    recipe: Recipe, *, width: int, has_whole_words: bool, reading: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "width": width,
        "sentence_size": recipe.sentence_size,
        "has_whole_words": has_whole_words,
        **reading,
        "max_question_tokens": recipe.max_question_tokens,
        "max_passage_tokens": recipe.max_passage_tokens,
    }


def build(config: Mapping[str, Any], words: Sequence[str]) -> InferSent:
    """The network of a model folder, before its weights."""
    return InferSent(words, config)
