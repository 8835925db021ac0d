"""The cross-encoder that teaches ENDX, in training alone (4.3).

It sees a matched pair and gives both texts a vector; it scores no candidates. Per head,
for the question side with the *answer's* words as queries:

    head = softmax(H_a W_Q (H_q W_K)^T / sqrt(d_h)) H_q W_V           in [M, d_h]  (2)
    H'_q = [head_1; ...; head_h] W_o                                   in [M, d]   (3)
    H_q^cross = LayerNorm(H'_q + FFN(H'_q)),  R_q = Agg(H_q^cross)                 (4)

and with the roles changed for the answer's: the lengths are swapped, and there is no
way past the attention for H_q. FFN: d to 4 d, GELU, back.

| symbol | name in code | shape |
|---|---|---|
| H_q, H_a | states of `encoder` | [B, N, d], [B, M, d] |
| H_q^cross | `for_question` | [B, M, d] |
| H_a^cross | `for_passage` | [B, N, d] |
| R_q, R_a | `Embedded` | [B, R d] |
"""

from torch import Tensor, nn
from torch.nn import functional as F

from models.encoder import Tokens
from models.passages.geometry import Embedded
from models.passages.hops import MultiHop


class CrossAttention(nn.Module):
    """(2) to (4). Shape: queries [B, M, d] and keys [B, N, d] to [B, M, d]."""

    def __init__(self, *, size: int, n_heads: int, gain: float = 1.0) -> None:
        """Build with random weights.

        Args:
            size: d.
            n_heads: h, a divisor of d.
            gain: What the layer norm's gain starts with.

        Raises:
            ValueError: The heads do not divide the width.
        """
        super().__init__()
        if size % n_heads:
            raise ValueError(
                f"n_heads: {n_heads}, expected a divisor of the encoder's width {size}"
            )
        self.n_heads = n_heads
        self.query, self.key, self.value, self.out = (
            nn.Linear(size, size, bias=False) for _ in range(4)
        )
        self.feed_forward = nn.Sequential(
            nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size)
        )
        self.norm = nn.LayerNorm(size)
        nn.init.constant_(self.norm.weight, gain)

    def forward(self, queries: Tensor, keys: Tensor, key_mask: Tensor) -> Tensor:
        """Rows of the queries, made of the keys' states; pads of the keys count not."""
        query, key, value = (
            part.unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for part in (self.query(queries), self.key(keys), self.value(keys))
        )
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=key_mask[:, None, None, :]
        )
        found = self.out(mixed.transpose(1, 2).flatten(2))
        result: Tensor = self.norm(found + self.feed_forward(found))
        return result


class Cross(nn.Module):
    """The teacher."""

    def __init__(
        self,
        encoder: nn.Module,
        hops: MultiHop,
        *,
        size: int,
        n_heads: int,
        is_shared: bool,
        gain: float = 1.0,
    ) -> None:
        """Take an encoder and an Agg of its own.

        Args:
            encoder: Enc_cross, for both texts.
            hops: Its Agg.
            size: Width of the encoder.
            n_heads: Of the cross-attention.
            is_shared: Whether both sides have the same cross-attention.
            gain: What the gain of its layer norm starts with: the states' length.
        """
        super().__init__()
        self.encoder = encoder
        self.for_question = CrossAttention(size=size, n_heads=n_heads, gain=gain)
        self.for_passage = (
            self.for_question
            if is_shared
            else CrossAttention(size=size, n_heads=n_heads, gain=gain)
        )
        self.hops = hops

    def states(self, questions: Tokens, passages: Tokens) -> tuple[Tensor, Tensor]:
        """H_q^cross [B, M, d] and H_a^cross [B, N, d]: the lengths are swapped."""
        asked = self.encoder(questions).float()
        said = self.encoder(passages).float()
        return (
            self.for_question(said, asked, questions.mask),
            self.for_passage(asked, said, passages.mask),
        )

    def forward(self, questions: Tokens, passages: Tokens) -> Embedded:
        """R_q and R_a of matched pairs, each from its own pair."""
        of_question, of_passage = self.states(questions, passages)
        return Embedded(
            questions=self.hops(of_question, passages.mask),
            passages=self.hops(of_passage, questions.mask),
        )
