"""The encoders of ENDX and its baselines: a text's word pieces to their states (4.2).

| kind | is | starts from |
|---|---|---|
| rnn, gru, lstm | two layers in both directions, half of the width each | the pretrained encoder's word embeddings |
| transformer | two layers of the pretrained encoder's own shape | all its weights but those of layers, which are random |
| bert | the pretrained encoder | all its weights |

All weights are trained. Shape: `Tokens` of [B, L] to states [B, L, d], any values at
pads; d is the pretrained encoder's width.

Deviation: the width, the heads and the feed-forward size are those of the pretrained
encoder (768, 12 and 3,072 of BERT-base, as in the paper; 384, 12 and 1,536 of MiniLM).
"""  # noqa: E501 - a table's row is a line

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.encoder import Encoder, EncoderError, Tokens
from models.hub_encoder import HubEncoder, Source, encoder_of

KINDS = ("rnn", "gru", "lstm", "transformer", "bert")
N_LAYERS = 2
_CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Word embeddings and two recurrent layers; packed, so that no state sees pads."""

    def __init__(self, kind: str, sizes: Mapping[str, Any], *, dropout: float) -> None:
        super().__init__()
        self.size = int(sizes["hidden_size"])
        if self.size % 2:
            raise EncoderError(
                f"a {kind} takes half of the encoder's width for each direction: it is"
                f" {self.size}, expected an even one"
            )
        # Some encoders have embeddings of another width than their states.
        width = int(sizes.get("embedding_size", self.size))
        self.embedding = nn.Embedding(sizes["vocab_size"], width)
        self.dropout = nn.Dropout(dropout)
        self.cells = _CELLS[kind](
            width,
            self.size // 2,
            num_layers=N_LAYERS,
            dropout=dropout,
            batch_first=True,
            bidirectional=True,
        )

    def forward(self, tokens: Tokens) -> Tensor:
        """States of every piece; 0 at pads."""
        packed = pack_padded_sequence(
            self.dropout(self.embedding(tokens.ids)),
            tokens.mask.sum(dim=1).cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        states, _ = self.cells(packed)
        padded, _ = pad_packed_sequence(
            states, batch_first=True, total_length=tokens.ids.shape[1]
        )
        return padded


def text_encoder(
    kind: str, sizes: Mapping[str, Any], *, dropout: float = 0.0
) -> Recurrent | Encoder | HubEncoder:
    """An encoder of a kind, with random weights.

    Args:
        kind: Of `KINDS`.
        sizes: Of the pretrained encoder that it starts from.
        dropout: While it is trained.
    """
    if kind in _CELLS:
        return Recurrent(kind, sizes, dropout=dropout)
    if kind == "transformer":
        sizes = {**sizes, "num_hidden_layers": N_LAYERS}
    return encoder_of(sizes, dropout=dropout)


def started(
    kind: str, source: Source, *, dropout: float
) -> Recurrent | Encoder | HubEncoder:
    """The same with what it takes over from a pretrained encoder."""
    found = text_encoder(kind, source.sizes, dropout=dropout)
    if isinstance(found, Recurrent):
        found.embedding.weight.data.copy_(source.embeddings)
        return found
    layers = tuple(
        f"{name}."
        for name, one in found.named_modules()
        if isinstance(one, nn.ModuleList)
    )
    weights = {
        name: one
        for name, one in source.weights.items()
        if kind == "bert" or not name.startswith(layers)
    }
    found.load_state_dict(weights, strict=kind == "bert")
    return found
