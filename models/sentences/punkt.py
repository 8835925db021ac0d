"""Where the sentences of a text begin and end.

Punkt (Kiss and Strunk 2006, *Unsupervised Multilingual Sentence Boundary Detection*)
as NLTK implements it, with three rules of our own around it: a blank line always ends
a sentence, a text is read in windows so that no input costs more than linear time,
and a sentence longer than a limit is cut at white space.

| symbol | name in code | what |
|---|---|---|
| abbreviations, collocations, starters | `PunktParameters` | what training learns |
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import nltk
from nltk.data import FileSystemPathPointer
from nltk.tokenize.punkt import (
    PunktParameters,
    PunktSentenceTokenizer,
    PunktTrainer,
    load_punkt_params,
)

_WINDOW = 20_000
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_DATA = "tokenizers/punkt_tab/english"


class SplitterError(ValueError):
    """Punkt's data is not where it was said to be, or can't be read."""


def find_data(nltk_data: str | None) -> str | None:
    """Folder of Punkt's English data, or None where there is none.

    Args:
        nltk_data: Folder to look in; None looks where NLTK does (`NLTK_DATA`).

    Raises:
        SplitterError: A folder was named and holds no Punkt data.
    """
    if nltk_data is not None:
        folder = Path(nltk_data) / _DATA
        if not folder.is_dir():
            raise SplitterError(f"{folder}: not found, expected NLTK's punkt_tab data")
        return str(folder)
    try:
        return str(nltk.data.find(_DATA))
    except LookupError:
        return None


def train(texts: Iterable[str]) -> str:
    """Punkt's parameters learnt from texts without labels, as JSON.

    The same texts in the same order give the same bytes.
    """
    trainer = PunktTrainer()
    trainer.INCLUDE_ALL_COLLOCS = False
    for text in texts:
        trainer.train(text, finalize=False)
    trainer.finalize_training()
    parameters = trainer.get_params()
    return json.dumps(
        {
            "abbreviations": sorted(parameters.abbrev_types),
            "collocations": sorted(map(list, parameters.collocations)),
            "starters": sorted(parameters.sent_starters),
            "contexts": dict(sorted(parameters.ortho_context.items())),
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def fingerprint(path: str) -> str:
    """First 16 hex digits of a SHA-256 over the data that `load` reads.

    Raises:
        SplitterError: The data can't be read.
    """
    place = Path(path)
    digest = hashlib.sha256()
    try:
        for file in sorted(place.iterdir()) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    except OSError as error:
        raise SplitterError(f"{path}: {error}, expected Punkt parameters") from None
    return digest.hexdigest()[:16]


def load(path: str) -> PunktSentenceTokenizer:
    """The splitter of a `punkt_tab` folder or of a file that `train` filled.

    Raises:
        SplitterError: The data can't be read.
    """
    try:
        if Path(path).is_dir():
            # NLTK opens files below its own data path only.
            nltk.data.path.append(str(Path(path).resolve().parents[2]))
            return PunktSentenceTokenizer(
                load_punkt_params(FileSystemPathPointer(path))
            )
        return parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SplitterError(f"{path}: {error}, expected Punkt parameters") from None


def parse(content: str) -> PunktSentenceTokenizer:
    """The splitter of what `train` gave.

    Raises:
        KeyError, TypeError, ValueError: The content is something else.
    """
    learnt = json.loads(content)
    parameters = PunktParameters()
    parameters.abbrev_types = set(learnt["abbreviations"])
    parameters.collocations = set(map(tuple, learnt["collocations"]))
    parameters.sent_starters = set(learnt["starters"])
    parameters.ortho_context.update(learnt["contexts"])
    return PunktSentenceTokenizer(parameters)


def spans(
    text: str, *, splitter: PunktSentenceTokenizer, max_characters: int
) -> list[tuple[int, int]]:
    """Begin and end of each sentence, in characters, end exclusive.

    Ordered and disjoint; nothing but white space lies outside them.

    Args:
        text: Any text.
        splitter: From `load`.
        max_characters: Longest sentence, at least 1.
    """
    found: list[tuple[int, int]] = []
    for window_begin, window_end in _windows(text):
        window = text[window_begin:window_end]
        for begin, end in splitter.span_tokenize(window):
            piece = _stripped(text, window_begin + begin, window_begin + end)
            found.extend(_cut(text, piece, max_characters))
    return found


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, those longer than a window cut at white space."""
    begin = 0
    for blank in _BLANK_LINE.finditer(text):
        yield from _cut(text, (begin, blank.start()), _WINDOW)
        begin = blank.end()
    yield from _cut(text, (begin, len(text)), _WINDOW)


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    piece = text[begin:end]
    return begin + len(piece) - len(piece.lstrip()), begin + len(piece.rstrip())


def _cut(text: str, piece: tuple[int, int], limit: int) -> Iterator[tuple[int, int]]:
    """The piece in parts of at most `limit` characters without outer white space."""
    begin, end = piece
    while end - begin > limit:
        space = max(text.rfind(" ", begin + 1, begin + limit), -1)
        border = space if space > 0 else begin + limit
        yield from _kept(_stripped(text, begin, border))
        begin = border
    yield from _kept(_stripped(text, begin, end))


def _kept(piece: tuple[int, int]) -> Iterator[tuple[int, int]]:
    if piece[0] < piece[1]:
        yield piece
