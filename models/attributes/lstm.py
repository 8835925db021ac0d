"""A bi-directional LSTM over a text's vectors, as the taggers share it.

| symbol | name in code | shape |
|---|---|---|
| vectors | `vectors` | [B, L, D] |
| h_i | states | [B, L, 2 K], forward then backward; 0 at pads |
| last states | last | [B, 2 K]: forward at the end, backward at the beginning |
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BiLstm(nn.Module):
    """Packed, so that no state depends on padding; dropout on vectors and states.

    torch's LSTM has no dropout between its steps (the recurrent dropout of 5.10).
    """

    def __init__(self, *, input_size: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            input_size, hidden_size, batch_first=True, bidirectional=True
        )
        self.dropout = nn.Dropout(dropout)
        self.size = 2 * hidden_size

    def forward(self, vectors: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """States of every token and the last ones; every text has a token."""
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(
            self.dropout(vectors), lengths, batch_first=True, enforce_sorted=False
        )
        states, (last, _) = self.lstm(packed)
        padded, _ = pad_packed_sequence(
            states, batch_first=True, total_length=vectors.shape[1]
        )
        both = torch.cat([last[0], last[1]], dim=1)
        return self.dropout(padded), self.dropout(both)
