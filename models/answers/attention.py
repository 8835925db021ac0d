"""Where a network looks: the weights that it scores a pair with, on the words.

The attention picture of Chen et al. 2019 (models.md 2.7): the question with a^{<-QR},
the sentence with a^{->QR}, the sentence with a^R. Weights are those of the network's
own layers, laid on the places of the text that each token was read from: a network
that reads word pieces has one weight a word, the sum of its pieces' weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

# The methods whose networks have `attention_of(question, sentence)`.
ATTENTIVE = (
    "qa-net-qa",
    "qa-net-qr",
    "qa-net-mtl",
    "qar-net-qr",
    "qar-net",
    "late-qar",
)


@dataclass(frozen=True)
class WeightedText:
    """A text and the weights of its words; with `on_padding` they sum to 1.

    Attributes:
        text: As it was given.
        spans: First and last + 1 character of each word, ordered and disjoint.
        weights: Of each word, in [0, 1].
        on_padding: Weight that fell on no word; 0 but in networks without masks.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    on_padding: float = 0.0

    @property
    def words(self) -> tuple[str, ...]:
        """The words as the text has them."""
        return tuple(self.text[start:end] for start, end in self.spans)

    def pieces(self) -> Iterator[tuple[str, float | None]]:
        """The whole text in order: words with their weight, what is between with None.

        What the network did not read, such as the end of a long text, has None too.

        >>> found = WeightedText("it  fits", ((0, 2), (4, 8)), (0.25, 0.75))
        >>> list(found.pieces())
        [('it', 0.25), ('  ', None), ('fits', 0.75)]
        """
        done = 0
        for (start, end), weight in zip(self.spans, self.weights, strict=True):
            if start > done:
                yield self.text[done:start], None
            yield self.text[start:end], weight
            done = end
        if done < len(self.text):
            yield self.text[done:], None


@dataclass(frozen=True)
class Attention:
    """What a network looks at in a pair.

    Attributes:
        question: The question with a^{<-QR}, its focus.
        sentence: The sentence with a^{->QR}, the answer pattern.
        review: The sentence with a^R, the focus words of the review; None where a
            method has no R-subnet.
        note: What the weights do not say of this network's score; may be empty.
    """

    question: WeightedText
    sentence: WeightedText
    review: WeightedText | None
    note: str = ""


def weighted(
    text: str, spans: Sequence[tuple[int, int]], weights: Tensor
) -> WeightedText:
    """Weights of tokens on the places they were read from.

    Args:
        text: As it was given.
        spans: Of each token, by their start. Tokens whose spans overlap are one word,
            which has the sum of their weights.
        weights: [L], L at least the number of spans; those behind are of padding.
    """
    values = weights.double().cpu().tolist()
    places: list[tuple[int, int]] = []
    sums: list[float] = []
    for (start, end), weight in zip(spans, values, strict=False):
        if places and start < places[-1][1]:
            places[-1] = places[-1][0], max(end, places[-1][1])
            sums[-1] += weight
        else:
            places.append((start, end))
            sums.append(weight)
    return WeightedText(text, tuple(places), tuple(sums), sum(values[len(spans) :]))
