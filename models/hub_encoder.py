"""A pretrained text encoder of any architecture of transformers, as `models.encoder`.

RoBERTa, XLM-RoBERTa, DistilBERT, MPNet, ELECTRA, ALBERT, ModernBERT and whatever else
transformers has a masked-language head for, with a fast tokenizer. A BERT with word
pieces stays with `models.encoder`, which computes its layers itself. All others are
computed by transformers, from the configuration and the tokenizer's JSON that a trained
model keeps in its own folder: a worker asks no hub and no source folder.

| symbol | name in code | shape |
|---|---|---|
| tokens | `Tokens.ids` | [B, L], the tokenizer's own marks around them |
| states | `HubEncoder.forward` | [B, L, H] |
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedConfig

from models.encoder import (
    MARKS,
    Encoder,
    EncoderError,
    PieceReader,
    Pretrained,
    Tokens,
    WordPieces,
    pretrained,
    reading_from,
    runs_of,
)
from models.precision import half_of

# Of a configuration, what no state depends on.
_LEFT_OUT = (
    "_name_or_path",
    "architectures",
    "auto_map",
    "dtype",
    "id2label",
    "label2id",
    "torch_dtype",
    "transformers_version",
)


class HubPieces(PieceReader):
    """A fast tokenizer, of which the JSON is all there is."""

    def __init__(self, words: Sequence[str], *, pad: int) -> None:
        """Take the lines of the JSON and the id of pads."""
        super().__init__(Tokenizer.from_str("\n".join(words)), pad=pad)


class HubEncoder(nn.Module):
    """The transformer. Shape: `Tokens` of [B, L] to [B, L, H]."""

    def __init__(self, sizes: Mapping[str, Any], *, dropout: float = 0.1) -> None:
        """Build with random weights.

        Args:
            sizes: From `HubPretrained.sizes`.
            dropout: While training, wherever the architecture drops out.

        Raises:
            EncoderError: It can't have as many layers as `sizes` says.
        """
        super().__init__()
        fields: dict[str, Any] = {
            name: dropout if _is_dropout(name, value) else value
            for name, value in sizes["config"].items()
        }
        config = AutoConfig.for_model(**fields)
        n_layers = sizes["num_hidden_layers"]
        self.size = int(sizes["hidden_size"])
        try:
            if config.num_hidden_layers != n_layers:
                config.num_hidden_layers = n_layers
            self.model = AutoModel.from_config(  # type: ignore[no-untyped-call]
                config, **_without_pooler(config)
            )
        except (AssertionError, AttributeError, NotImplementedError):
            if n_layers == sizes["config"].get("num_hidden_layers", n_layers):
                raise  # as many as it has: that is not why
            raise EncoderError(
                f"a {config.model_type} can't have {n_layers} layers, expected another"
                " encoder, such as a bert"
            ) from None
        self._has_types = bool(sizes["has_types"])
        self._precision = "fp32"

    def multiply_in(self, precision: str) -> None:
        """From now on it multiplies in these numbers; as `Encoder.multiply_in`."""
        self._precision = precision

    def cast(self, half: torch.dtype) -> None:
        """Turn the weights into 16-bit numbers, once and for all: to score with.

        Buffers stay: angles of rotary positions need fp32.
        """
        for weight in self.model.parameters():
            weight.data = weight.data.to(half)

    def forward(self, tokens: Tokens) -> Tensor:
        """The last layer's states, fp32; any values at pads.

        On a CPU texts of like length go together, as in `Encoder.layers`.
        """
        if tokens.ids.is_cuda:
            return self._states(tokens)
        lengths = tokens.mask.sum(dim=1)
        runs = runs_of(lengths)
        if len(runs) == 1:
            return self._states(tokens)
        found = torch.zeros(*tokens.ids.shape, self.size, device=tokens.ids.device)
        for rows in runs:
            longest = int(lengths[rows[-1]])
            found[rows, :longest] = self._states(tokens.of(rows, longest))
        return found

    def _states(self, tokens: Tokens) -> Tensor:
        half = half_of(self._precision, tokens.ids.device)
        types = {"token_type_ids": tokens.types} if self._has_types else {}
        with torch.autocast(tokens.ids.device.type, half, enabled=half is not None):
            output = self.model(
                input_ids=tokens.ids,
                attention_mask=tokens.mask.long(),
                return_dict=True,
                **types,
            )
        states: Tensor = output.last_hidden_state
        return states.float()


def _is_dropout(name: str, value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "dropout" in name and is_number


@dataclass(frozen=True)
class HubPretrained:
    """A pretrained encoder as it is found on disk; the counterpart of `Pretrained`.

    Attributes:
        name: What it was asked for by.
        sizes: What builds its architecture anew.
        words: Lines of its tokenizer's JSON.
        reading: Of a model's config.json, what `pieces_of` reads texts by.
        embeddings: Of its tokens, [V, E].
        weights: Of `HubEncoder`.
    """

    name: str
    sizes: Mapping[str, Any]
    words: tuple[str, ...]
    reading: Mapping[str, Any]
    embeddings: Tensor
    weights: Mapping[str, Tensor]

    def encoder(self, *, dropout: float = 0.1) -> HubEncoder:
        """An encoder with these weights, on the CPU."""
        found = HubEncoder(self.sizes, dropout=dropout)
        found.load_state_dict(dict(self.weights))
        return found


Source = Pretrained | HubPretrained


def encoder_of(
    sizes: Mapping[str, Any], *, dropout: float = 0.1
) -> Encoder | HubEncoder:
    """An encoder with random weights, of the architecture that the sizes are of."""
    kind = HubEncoder if "config" in sizes else Encoder
    return kind(sizes, dropout=dropout)


def pieces_of(words: Sequence[str], config: Mapping[str, Any]) -> PieceReader:
    """What reads a model's texts.

    Args:
        words: Word pieces, or the lines of a tokenizer's JSON.
        config: Says which, as `reading` of the pretrained encoder did.
    """
    if config.get("tokenizer") == "json":
        return HubPieces(words, pad=config["pad"])
    return WordPieces(words, is_lower_case=config["is_lower_case"])


def text_encoder_named(name: str | None) -> Source:
    """Read a pretrained text encoder; on the driver, never inside a task.

    Args:
        name: A folder or a hub id; None is the packaged MiniLM.

    Raises:
        EncoderError: There is none, it is no encoder of texts, pads change what it
            makes of a text, or its tokenizer is not one that can be kept as JSON.
    """
    if name is None:
        return pretrained(None)
    with reading_from(name):
        config = AutoConfig.from_pretrained(name, trust_remote_code=False)
        _check_kind(name, config)
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        backend = _backend_of(name, tokenizer)
        if config.model_type == "bert" and _has_word_pieces(backend):
            return pretrained(name)
        model = AutoModel.from_pretrained(
            name,
            dtype=torch.float32,
            trust_remote_code=False,
            **_without_pooler(config),
        )
    # Of several that could be meant, what positions are counted by.
    pads = (config.pad_token_id, tokenizer.pad_token_id, 0)
    pad = next(one for one in pads if one is not None)
    words = (backend.to_str(),)
    _check_pads(name, model, HubPieces(words, pad=pad))
    embeddings: Tensor = model.get_input_embeddings().weight.detach()
    fields = {
        key: value for key, value in config.to_dict().items() if key not in _LEFT_OUT
    }
    return HubPretrained(
        name=name,
        sizes={
            "hidden_size": config.hidden_size,
            "embedding_size": embeddings.shape[1],
            "vocab_size": embeddings.shape[0],
            "num_hidden_layers": config.num_hidden_layers,
            "has_types": _has_types(model, tokenizer),
            "config": fields,
        },
        words=words,
        reading={
            "tokenizer": "json",
            "pad": pad,
            "n_pieces": embeddings.shape[0],
        },
        embeddings=embeddings,
        weights={f"model.{key}": value for key, value in model.state_dict().items()},
    )


def _class_of(config: PreTrainedConfig) -> Any:
    """The network of a configuration, without its heads."""
    from transformers import MODEL_MAPPING

    found = MODEL_MAPPING[type(config)]
    return found[0] if isinstance(found, tuple) else found


def _without_pooler(config: PreTrainedConfig) -> dict[str, bool]:
    """Options that leave out the layer above the states, which nothing would train."""
    known = inspect.signature(_class_of(config).__init__).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in known else {}


def _check_kind(name: str, config: PreTrainedConfig) -> None:
    """Refuse what does not read a text, and nothing else, in both directions."""
    from transformers import MODEL_FOR_MASKED_LM_MAPPING

    is_decoder = config.is_encoder_decoder or getattr(config, "is_decoder", False)
    is_known = type(config) in MODEL_FOR_MASKED_LM_MAPPING and not is_decoder
    if is_known:
        known = inspect.signature(_class_of(config).forward).parameters
        has_size = hasattr(config, "hidden_size")
        is_known = has_size and {"input_ids", "attention_mask"} <= set(known)
    if not is_known:
        raise EncoderError(
            f"{name}: a {config.model_type}, expected an encoder of texts, such as a"
            " bert, roberta, xlm-roberta, distilbert, mpnet, electra, albert or"
            " modernbert"
        )


@torch.inference_mode()
def _check_pads(name: str, model: Any, pieces: HubPieces) -> None:
    """Refuse what makes more of a text than its tokens, as convolutions do."""
    tokens = pieces.read(["a", "a b c d e f g h"], 16)
    length = int(tokens.mask[0].sum())
    beside, alone = (
        model(input_ids=one.ids, attention_mask=one.mask.long()).last_hidden_state[0]
        for one in (tokens, tokens.of(torch.tensor([0]), length))
    )
    if not torch.allclose(beside[:length], alone, atol=1e-4, rtol=1e-4):
        raise EncoderError(
            f"{name}: pads change what a {model.config.model_type} makes of a text,"
            " expected an encoder whose attention leaves them out"
        )


def _backend_of(name: str, tokenizer: Any) -> Tokenizer:
    """A copy of a fast tokenizer, without its limits."""
    kind = type(tokenizer).__name__
    if not tokenizer.is_fast:
        raise EncoderError(
            f"{name}: {kind} is no fast tokenizer, expected one, with a tokenizer.json"
        )
    found = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    found.no_truncation()
    found.no_padding()
    if not found.encode("").ids:
        raise EncoderError(
            f"{name}: {kind} puts no marks around a text, expected some, such as [CLS]"
        )
    return found


def _has_word_pieces(tokenizer: Tokenizer) -> bool:
    vocabulary = tokenizer.get_vocab()
    return isinstance(tokenizer.model, WordPiece) and vocabulary.keys() >= set(MARKS)


def _has_types(model: nn.Module, tokenizer: Any) -> bool:
    """Whether it is told which text of a pair a token is of."""
    known = inspect.signature(model.forward).parameters
    return "token_type_ids" in known and (
        "token_type_ids" in tokenizer.model_input_names
    )
