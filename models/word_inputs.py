"""Texts as word and character ids, and what a network makes of them first.

A token is its word vector beside a vector of its characters (models.md 2.2): word
vectors are a frozen table, an unknown word has a zero vector, and one character RNN
serves all texts of a network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.layers import CharacterEncoder
from models.vocabulary import OOV, PAD, Vocabulary, tokenise

_MAX_CHARACTERS = 24
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789'-.,:;!?/$%&()\"#+*=_@"
_N_CHARACTERS = len(_CHARACTERS) + 2  # 0 pad, 1 unknown


@dataclass(frozen=True)
class WordVectors:
    """Words with their vectors.

    Attributes:
        words: Distinct words.
        vectors: float32 [n_words, d], one row a word.
    """

    words: tuple[str, ...]
    vectors: np.ndarray


@dataclass(frozen=True)
class Texts:
    """A padded batch of texts.

    Attributes:
        words: Word ids, [B, L].
        forms: Place of each token's word among `characters`, [B, L].
        characters: Character ids of the batch's distinct words, [W, C].
    """

    words: Tensor
    forms: Tensor
    characters: Tensor

    @property
    def mask(self) -> Tensor:
        """True at real tokens, [B, L]."""
        return self.words != PAD

    def to(self, device: torch.device) -> "Texts":
        """The same on a device."""
        return Texts(
            self.words.to(device), self.forms.to(device), self.characters.to(device)
        )


def texts_of(texts: Sequence[str], vocabulary: Vocabulary, max_tokens: int) -> Texts:
    """A batch of texts as tensors; a longer text keeps its beginning."""
    tokens = [tokenise(text)[:max_tokens] for text in texts]
    length = max(map(len, tokens))
    forms = {
        word: index for index, word in enumerate(sorted({w for t in tokens for w in t}))
    }
    width = min(max(map(len, forms)), _MAX_CHARACTERS)
    ids = [[vocabulary.id_of(word) for word in row] for row in tokens]
    places = [[forms[word] for word in row] for row in tokens]
    characters = [_characters(word, width) for word in forms]
    return Texts(
        words=torch.tensor([row + [PAD] * (length - len(row)) for row in ids]),
        forms=torch.tensor([row + [0] * (length - len(row)) for row in places]),
        characters=torch.tensor(characters),
    )


def _characters(word: str, width: int) -> list[int]:
    found = [_CHARACTERS.find(character) + 2 for character in word[:width]]
    return found + [0] * (width - len(found))


class WordInputs(nn.Module):
    """Word vector and character vector of each token, e_t with c_t beside it.

    Shape: `Texts` of [B, L] to [B, L, vector_size + character_size].
    """

    def __init__(
        self, *, words: Sequence[str], vector_size: int, character_size: int = 0
    ) -> None:
        """Build with zero word vectors; `set_vectors` or saved weights fill them.

        Args:
            words: The vocabulary.
            vector_size: Width of the word vectors.
            character_size: Width of the character vector, even; 0 leaves it out.
        """
        super().__init__()
        self.vocabulary = Vocabulary(tuple(words))
        self.vectors = nn.Embedding(
            len(self.vocabulary),
            vector_size,
            padding_idx=PAD,
            _weight=torch.zeros(len(self.vocabulary), vector_size),
        )
        self.vectors.weight.requires_grad_(False)
        self.characters = (
            CharacterEncoder(
                n_characters=_N_CHARACTERS,
                embedding_size=character_size,
                size=character_size,
            )
            if character_size
            else None
        )
        self.size = vector_size + character_size

    def set_vectors(self, vectors: np.ndarray) -> None:
        """Take the vectors of the vocabulary's words, float32 [n_words, d]."""
        with torch.no_grad():
            self.vectors.weight[OOV + 1 :] = torch.from_numpy(vectors)

    def read(self, texts: Sequence[str], max_tokens: int) -> Texts:
        """A batch of texts on this module's device."""
        found = texts_of(texts, self.vocabulary, max_tokens)
        return found.to(self.vectors.weight.device)

    def forward(self, texts: Texts) -> Tensor:
        """Vectors of every token; those of pads are not to be read."""
        inputs: Tensor = self.vectors(texts.words)
        if self.characters is None:
            return inputs
        # One run of the RNN a distinct word, not a token.
        of_words = self.characters(texts.characters)
        return torch.cat([inputs, of_words[texts.forms]], dim=-1)
