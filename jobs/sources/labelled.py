"""Labelled question-sentence pairs of every format, with the same columns, in parts."""

import csv
import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import IO

from jobs.config import SettingsError, SplitBy
from jobs.sources import ecml_pqa, epqa, hetpqa, subjqa
from jobs.sources.answers_jsonl import read_jsonl
from jobs.sources.graded import GradedPair, Reader


@dataclass(frozen=True)
class LabelledPair:
    """A question with a sentence, and whether the sentence answers it.

    Attributes:
        product_id: Product of both; empty where the set names none.
        question: Text of the question.
        sentence: Text of the sentence.
        label: 1 answers, 0 does not: what the rule made of the grade.
        grade: The set's grade as a share of its highest, 0 to 1.
        source: Kind of text the sentence is from; empty where unknown.
        domain: Domain of the product; empty where unknown.
    """

    product_id: str
    question: str
    sentence: str
    label: int
    grade: float
    source: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Format:
    """How a labelled set is read, and what its grades say.

    Attributes:
        read: Gives the pairs of an open file.
        top: Highest grade of the set.
        positive_from: Lowest grade that is a positive, unless a run says otherwise.
        unit: What a grade is.
    """

    read: Reader
    top: float
    positive_from: float
    unit: str


FORMATS: Mapping[str, Format] = {
    "jsonl": Format(read_jsonl, 1, 0.5, "grade"),
    # Grade 1 "helps" and does not answer.
    "epqa": Format(epqa.read_epqa, epqa.HIGHEST, 2, "grade"),
    # The mean rounds to 2 or 3.
    "ecml-pqa": Format(
        ecml_pqa.read_ecml_pqa, ecml_pqa.HIGHEST, 1.5, "mean of three scores"
    ),
    "hetpqa": Format(hetpqa.read_hetpqa, hetpqa.HIGHEST, 1, "grade"),
    # Below the share that one annotator of any number is: anyone's mark will do.
    "subjqa": Format(
        subjqa.read_subjqa, subjqa.HIGHEST, 0.01, "share of annotators who marked it"
    ),
}


def read(
    paths: Sequence[str],
    format_name: str,
    *,
    where: Sequence[str] = (),
    positive_from: float | None = None,
) -> list[LabelledPair]:
    """All pairs of the files, without those that `where` leaves out.

    Args:
        paths: Files, gzip or not.
        format_name: One of `FORMATS`.
        where: `column=value` conditions, all of which must hold.
        positive_from: Lowest grade, in the set's own units, that is a positive; None
            takes the format's.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    form = FORMATS[format_name]
    lowest = _lowest(format_name, positive_from)
    conditions = [_condition(text) for text in where]
    graded: list[GradedPair] = []
    for path in paths:
        graded.extend(_read(path, form.read))
    pairs = [_labelled(pair, form.top, lowest) for pair in graded]
    kept = [
        pair
        for pair in pairs
        if all(str(getattr(pair, name)) == value for name, value in conditions)
    ]
    if not kept:
        names = ", ".join(paths)
        raise SettingsError(f"{names}: no labelled pair, expected {format_name} rows")
    return kept


def rule(format_name: str, positive_from: float | None = None) -> str:
    """What makes a grade a positive, in words, to stand beside every result.

    >>> rule("ecml-pqa")
    'ecml-pqa: mean of three scores >= 1.5'
    >>> rule("epqa", 1)
    'epqa: grade >= 1'
    """
    lowest = _lowest(format_name, positive_from)
    return f"{format_name}: {FORMATS[format_name].unit} >= {lowest:g}"


def _lowest(format_name: str, positive_from: float | None) -> float:
    form = FORMATS[format_name]
    if positive_from is None:
        return form.positive_from
    if not 0 < positive_from <= form.top:
        raise SettingsError(
            f"--positive-from {positive_from:g}: expected above 0 and at most"
            f" {form.top:g}, {format_name}'s highest {form.unit}"
        )
    return positive_from


def _labelled(pair: GradedPair, top: float, lowest: float) -> LabelledPair:
    return LabelledPair(
        product_id=pair.product_id,
        question=pair.question,
        sentence=pair.sentence,
        label=int(pair.grade >= lowest),
        grade=pair.grade / top,
        source=pair.source,
        domain=pair.domain,
    )


def _read(path: str, reader: Reader) -> list[GradedPair]:
    try:
        with _opened(path) as stream:
            return list(reader(path, stream))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path}: {error}") from None


def _opened(path: str) -> IO[str]:
    with Path(path).open("rb") as probe:
        is_gzip = probe.read(2) == b"\x1f\x8b"
    if is_gzip:
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return Path(path).open(encoding="utf-8", newline="")


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    known = list(LabelledPair.__dataclass_fields__)
    if not equals or name not in known:
        raise SettingsError(f"--where {text}: expected COLUMN=VALUE, one of {known}")
    return name, value


def split(
    pairs: Sequence[LabelledPair], *, shares: Sequence[float], seed: int, by: SplitBy
) -> list[list[LabelledPair]]:
    """The pairs in parts by a hash of the seed and what they are split by.

    By question, the pairs of one question text are in one part, whatever their
    product, case and white space: no test question's words are trained on. By
    product, the pairs of one product are; its questions may be asked in another part
    too.

    Args:
        pairs: Labelled pairs.
        shares: Share of each part but the last, which gets the rest; sum at most 1.
        seed: Another seed, another split.
        by: question or product.

    Raises:
        SettingsError: Split by product, and a pair names none.
    """
    key = _KEYS[by]
    parts: list[list[LabelledPair]] = [[] for _ in range(len(shares) + 1)]
    for pair in pairs:
        place = _unit_interval(f"{seed}\x1f{key(pair)}")
        borders = accumulate(shares)
        parts[sum(place >= border for border in borders)].append(pair)
    return parts


def normalised(question: str) -> str:
    """A question's words whatever their case and white space.

    >>> normalised("Does  it FIT?")
    'does it fit?'
    """
    return " ".join(question.lower().split())


def _question(pair: LabelledPair) -> str:
    return normalised(pair.question)


def _product(pair: LabelledPair) -> str:
    if not pair.product_id:
        raise SettingsError(
            "train_answers.split_by: 'product', expected question for pairs that name"
            " no product"
        )
    return pair.product_id


_KEYS: Mapping[SplitBy, Callable[[LabelledPair], str]] = {
    "question": _question,
    "product": _product,
}


def _unit_interval(text: str) -> float:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64
