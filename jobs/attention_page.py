"""The attention of some pairs as one HTML page: no script, nothing from elsewhere."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from models.answers.attention import Attention, WeightedText
from models.checkpoint import Card

EMPTY = "(empty)"
FOCUS, PATTERN, REVIEW = "question focus", "answer pattern", "review focus"
_LEGEND = {
    FOCUS: "the words of the question that this sentence is matched with",
    PATTERN: "the words of the sentence that are matched with this question",
    REVIEW: "the words that stand out in the sentence whatever the question is",
}
_STRONGEST = 3
_STYLE = """
:root { color-scheme: light; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; background: #fff;
  color: #1a1a1a; font: 16px/1.6 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
header, .legend, .note, .strongest, .rest { color: #595959; }
.legend { border: 1px solid #ddd; border-radius: 6px; padding: .6rem 1rem;
  margin: 1rem 0 2rem; font-size: .9rem; }
.legend dl { display: grid; grid-template-columns: 9rem 1fr; margin: .5rem 0 0; }
.legend dd { margin: 0; }
.ramp { display: inline-block; width: 8rem; height: .8em; margin: 0 .4rem;
  background: linear-gradient(to right, #fff, rgb(255 96 96));
  border: 1px solid #ddd; }
article { border-top: 1px solid #ddd; padding: 1rem 0; break-inside: avoid; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
h3 { font-size: .8rem; margin: .6rem 0 0; color: #595959; font-weight: 600; }
p { margin: 0; overflow-wrap: anywhere; }
.strongest { font-size: .8rem; }
mark { color: inherit; border-radius: 3px; padding: .05em 0;
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }
"""


@dataclass(frozen=True)
class Picture:
    """A scored pair and what was looked at.

    Attributes:
        attention: Of the pair.
        score: Probability that the sentence answers the question.
        label: 1 answers, 0 does not, None where nobody said.
    """

    attention: Attention
    score: float
    label: int | None = None

    def rows(self) -> Iterator[tuple[str, WeightedText]]:
        """The coloured texts with their names."""
        yield FOCUS, self.attention.question
        yield PATTERN, self.attention.sentence
        if self.attention.review is not None:
            yield REVIEW, self.attention.review

    def verdict(self, threshold: float) -> str:
        """Score, threshold and label in words.

        >>> Picture(None, 0.25, 1).verdict(0.5)
        'score 0.250 < threshold 0.500: no answer; labelled an answer'
        """
        is_answer = self.score >= threshold
        said = "" if self.label is None else f"; labelled {_ANSWER[self.label]}"
        sign = "≥" if is_answer else "<"
        found = _ANSWER[is_answer]
        return f"score {self.score:.3f} {sign} threshold {threshold:.3f}: {found}{said}"


_ANSWER = ("no answer", "an answer")


def clean(text: str) -> str:
    r"""The text without signs that steer a terminal or that no file can hold.

    >>> clean("a\x1b[31mb\nc")
    'a [31mb c'
    """
    signs = {"Cc": " ", "Cs": "\N{REPLACEMENT CHARACTER}"}
    return "".join(signs.get(unicodedata.category(sign), sign) for sign in text)


def share(weight: float, text: WeightedText) -> float:
    """A weight as a share of the text's strongest, in [0, 1]."""
    strongest = max(text.weights, default=0.0)
    return weight / strongest if strongest > 0 else 0.0


def page(pictures: Sequence[Picture], card: Card, *, about: str) -> str:
    """The whole page.

    Args:
        pictures: One an article, in this order.
        card: Of the model.
        about: Which pairs these are, in words.
    """
    title = f"What {card.name} looks at"
    names = {name for one in pictures for name, _ in one.rows()}
    legend = "".join(
        f"<dt>{name}</dt><dd>{said}</dd>"
        for name, said in _LEGEND.items()
        if name in names
    )
    notes = dict.fromkeys(one.attention.note for one in pictures if one.attention.note)
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_safe(title)}</title><style>{_STYLE}</style></head><body>",
        f"<header><h1>{_safe(title)}</h1>",
        f"<p>Model {_safe(card.fingerprint)}. {_safe(about)}</p></header>",
        '<section class="legend"><p>Weight: none<span class="ramp"></span>the'
        " strongest of its text. Point at a word for its number; the weights of a text"
        " sum to 1. Grey text was not read: it is beyond the model's limit.</p>",
        f"<dl>{legend}</dl>",
        "<p>Where the sentence is no answer, focus and pattern may look random.</p>",
        *(f'<p class="note">{_safe(note)}</p>' for note in notes),
        "</section>",
        *(
            _article(number, one, card.threshold)
            for number, one in enumerate(pictures, start=1)
        ),
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"


def _article(number: int, picture: Picture, threshold: float) -> str:
    rows = "\n".join(
        f'<h3>{name}</h3>\n<p dir="auto">{_coloured(text)}</p>\n'
        f'<p class="strongest">{_strongest(text)}</p>'
        for name, text in picture.rows()
    )
    verdict = _safe(picture.verdict(threshold))
    return f"<article>\n<h2>{number}. {verdict}</h2>\n{rows}\n</article>"


def _coloured(text: WeightedText) -> str:
    parts = []
    for piece, weight in text.pieces():
        if weight is None:
            known = _safe(piece)
            parts.append(
                f'<span class="rest">{known}</span>' if piece.strip() else known
            )
        else:
            parts.append(
                f'<mark title="{weight:.3f}" style="background:'
                f'rgb(255 96 96 / {share(weight, text):.3f})">{_word(piece)}</mark>'
            )
    return "".join(parts)


def _strongest(text: WeightedText) -> str:
    """The strongest words with their weights, for eyes and printers without red."""
    by_weight = sorted(
        zip(text.words, text.weights, strict=True), key=lambda pair: -pair[1]
    )
    told = [
        f"<bdi>{_word(word)}</bdi> {weight:.2f}"
        for word, weight in by_weight[:_STRONGEST]
    ]
    if text.on_padding >= 0.005:
        told.append(f"padding {text.on_padding:.2f}")
    return " · ".join(told)


def _word(word: str) -> str:
    return _safe(word) if word.strip() else EMPTY


def _safe(text: str) -> str:
    return escape(clean(text), quote=True)
