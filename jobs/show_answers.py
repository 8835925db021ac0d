"""Show the words that an answer model looks at: in the terminal, on a page."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.text import Text

from jobs.attention_page import EMPTY, Picture, clean, page, share
from jobs.config import SettingsError
from jobs.launch import attempt
from jobs.sources.labelled_answers import FORMATS, LabelledPair, read, rule
from models.answers import load
from models.answers.attention import ATTENTIVE, WeightedText
from models.checkpoint import Card, read_card
from udfs.answers import score_block
from udfs.batching import device_name

_TOKEN_BUDGET = 16384
# Without colours the words of at least this share of the strongest stand in brackets.
_BRACKETED = 0.5
_RED = (255, 96, 96)
_NAME_WIDTH = 16

Pair = tuple[str, str, int | None]


def pictures(card: Card, pairs: Sequence[Pair]) -> list[Picture]:
    """Score and attention of each pair.

    Args:
        card: Of the model.
        pairs: Question, sentence, and label if there is one.

    Raises:
        SettingsError: The method has no attention, or a pair could not be scored.
    """
    if card.name not in ATTENTIVE:
        known = ", ".join(ATTENTIVE)
        raise SettingsError(
            f"{card.folder}: {card.name} has no attention to show, expected one of"
            f" {known}"
        )
    model = load(card.folder, device=device_name(), precision="fp32")
    places = np.arange(len(pairs))
    scores, failures = score_block(
        model,
        [question for question, _, _ in pairs],
        [sentence for _, sentence, _ in pairs],
        places,
        places,
        token_budget=_TOKEN_BUDGET,
    )
    if failures:
        place, failure = next(iter(failures.items()))
        raise SettingsError(
            f"{len(failures)} pairs can't be scored; pair {place + 1}:"
            f" {failure.error_class}: {failure.message}"
        )
    return [
        Picture(model.attention_of(question, sentence), float(score), label)
        for (question, sentence, label), score in zip(pairs, scores, strict=True)
    ]


def on_screen(picture: Picture, threshold: float, *, is_coloured: bool) -> Text:
    """A pair for the terminal: its texts, its score.

    Args:
        picture: Of the pair.
        threshold: Lowest score that counts as yes.
        is_coloured: Red by weight; else the strongest words in brackets, with weights.
    """
    lines = []
    for name, text in picture.rows():
        line = Text(f"{name:<{_NAME_WIDTH}}")
        line.append_text(_coloured(text) if is_coloured else _bracketed(text))
        if text.on_padding >= 0.005:
            line.append(f"  (padding {text.on_padding:.2f})", style="dim")
        lines.append(line)
    lines.append(Text(f"{'':<{_NAME_WIDTH}}{picture.verdict(threshold)}"))
    return Text("\n").join(lines)


def _coloured(text: WeightedText) -> Text:
    found = Text()
    for piece, weight in text.pieces():
        if weight is None:
            found.append(clean(piece), style="dim")
        else:
            depth = share(weight, text)
            red, green, blue = (round(255 - (255 - tone) * depth) for tone in _RED)
            style = f"#000000 on #{red:02x}{green:02x}{blue:02x}"
            found.append(clean(piece) if piece.strip() else EMPTY, style=style)
    return found


def _bracketed(text: WeightedText) -> Text:
    found = Text()
    for piece, weight in text.pieces():
        word = clean(piece) if piece.strip() or weight is None else EMPTY
        is_strong = weight is not None and share(weight, text) >= _BRACKETED
        found.append(f"[{word} {weight:.2f}]" if is_strong else word)
    return found


def _asked(
    question: str | None,
    sentence: str | None,
    labelled: Sequence[str],
    format_name: str | None,
    where: Sequence[str],
    limit: int,
) -> tuple[list[Pair], str]:
    """The pairs of a command line, and which they are in words."""
    has_pair = question is not None or sentence is not None
    if has_pair and (labelled or format_name or where):
        raise SettingsError(
            "--question and --sentence show one pair, --labelled and --format many:"
            " give one or the other"
        )
    if question is not None and sentence is not None:
        return [(question, sentence, None)], "One pair."
    if has_pair or not labelled or not format_name:
        raise SettingsError(
            "which pairs? expected --question and --sentence, or --labelled and"
            " --format"
        )
    found: list[LabelledPair] = read(labelled, format_name, where=where)
    kept = found[:limit]
    about = f"{len(kept)} of {len(found)} labelled pairs; {rule(format_name)}."
    return [(pair.question, pair.sentence, pair.label) for pair in kept], about


@click.command(name="answers")
@click.option("--model", "folder", required=True, metavar="DIR", help="Model folder.")
@click.option("--question", metavar="TEXT", help="One pair: its question.")
@click.option("--sentence", metavar="TEXT", help="One pair: its sentence.")
@click.option(
    "--labelled",
    multiple=True,
    metavar="FILE",
    help="Many pairs: labelled files; may be repeated.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*FORMATS]),
    help="Of the labelled files.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Keep a part, such as label=1 or source=review; may be repeated.",
)
@click.option(
    "--limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="Labelled pairs shown, the first ones.",
)
@click.option(
    "--html", "out", metavar="FILE", help="Write a page too: one file, no scripts."
)
def show(
    folder: str,
    question: str | None,
    sentence: str | None,
    labelled: tuple[str, ...],
    format_name: str | None,
    where: tuple[str, ...],
    limit: int,
    out: str | None,
) -> None:
    """Show the words that a model looks at when it scores a pair.

    The redder a word, the more of the weight it has. Three texts a pair:

    \b
      question focus   the question: the words this sentence is matched with
      answer pattern   the sentence: the words matched with this question
      review focus     the sentence: what stands out whatever the question is;
                       not in the qa-net methods, which have no R-subnet

    Below them the score and the model's threshold. Where there are no colours (a pipe,
    NO_COLOR), words of at least half the strongest weight stand in brackets with it.

    \b
      enrich show answers --model DIR --question "Does it fit a 15 inch laptop?" \\
        --sentence "My 15 inch laptop fits with room to spare."
      enrich show answers --model DIR --labelled FILE --format jsonl \\
        --where label=1 --limit 50 --html attention.html
    """  # noqa: D301 - click's mark is the sign itself

    def work() -> None:
        pairs, about = _asked(question, sentence, labelled, format_name, where, limit)
        card = read_card(folder)
        found = pictures(card, pairs)
        if out is not None:
            Path(out).write_text(page(found, card, about=about), encoding="utf-8")
        screen = Console(highlight=False, soft_wrap=True)
        is_coloured = screen.color_system is not None and not screen.no_color
        for place, picture in enumerate(found):
            if place:
                screen.print()
            screen.print(on_screen(picture, card.threshold, is_coloured=is_coloured))
        for note in {one.attention.note: 0 for one in found if one.attention.note}:
            screen.print(Text(f"\n{note}"))
        if out is not None:
            screen.print(Text(f"\npage: {out}"))

    sys.exit(attempt(work))


if __name__ == "__main__":
    show()
