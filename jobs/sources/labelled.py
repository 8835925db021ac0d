"""Labelled question-sentence pairs, one reader a format, all with the same columns."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

from jobs.config import SettingsError

_MAX_FIELD = 10_000_000


@dataclass(frozen=True)
class LabelledPair:
    """A question with a sentence, and whether the sentence answers it.

    Attributes:
        product_id: Product of both; empty where the set names none.
        question: Text of the question.
        sentence: Text of the sentence.
        label: 1 answers, 0 does not.
        source: Kind of text the sentence is from; empty where unknown.
        domain: Domain of the product; empty where unknown.
    """

    product_id: str
    question: str
    sentence: str
    label: int
    source: str = ""
    domain: str = ""


def read(
    paths: Sequence[str], format_name: str, *, where: Sequence[str] = ()
) -> list[LabelledPair]:
    """All pairs of the files, without those that `where` leaves out.

    Args:
        paths: Files, gzip or not.
        format_name: jsonl or epqa.
        where: `column=value` conditions, all of which must hold.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    reader = FORMATS[format_name]
    conditions = [_condition(text) for text in where]
    pairs: list[LabelledPair] = []
    for path in paths:
        pairs.extend(_read(path, reader))
    kept = [
        pair
        for pair in pairs
        if all(str(getattr(pair, name)) == value for name, value in conditions)
    ]
    if not kept:
        names = ", ".join(paths)
        raise SettingsError(f"{names}: no labelled pair, expected {format_name} rows")
    return kept


def _read(path: str, reader: "Reader") -> list[LabelledPair]:
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


def read_jsonl(path: str, stream: IO[str]) -> Iterator[LabelledPair]:
    """The project's own format: question, sentence, label; more columns may join."""
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise SettingsError(f"{path}:{number}: {error}, expected JSON") from None
        yield _pair(path, number, record)


def _pair(path: str, number: int, record: Any) -> LabelledPair:
    if not isinstance(record, Mapping):
        raise SettingsError(f"{path}:{number}: expected a JSON object")
    label = record.get("label")
    if label not in (0, 1) or isinstance(label, float):
        raise SettingsError(f"{path}:{number}: label {label!r}, expected 0 or 1")
    texts = {name: record.get(name) for name in ("question", "sentence")}
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise SettingsError(f"{path}:{number}: {name} {text!r}, expected a text")
    return LabelledPair(
        product_id=str(record.get("product_id") or ""),
        question=str(texts["question"]),
        sentence=str(texts["sentence"]),
        label=int(label),
        source=str(record.get("source") or ""),
        domain=str(record.get("domain") or ""),
    )


def read_epqa(path: str, stream: IO[str]) -> Iterator[LabelledPair]:
    """Pairs of ePQA (contextual-product-qa): label 2 answers, 1 and 0 do not.

    A candidate of grade 1 "helps" but does not answer, so it is a negative here.
    """
    csv.field_size_limit(_MAX_FIELD)
    rows = csv.DictReader(stream)
    wanted = {"question", "ASIN", "candidate", "source", "label"}
    missing = wanted - set(rows.fieldnames or ())
    if missing:
        raise SettingsError(f"{path}: no column {sorted(missing)}, expected ePQA's CSV")
    for row in rows:
        grade = (row["label"] or "").strip()
        if grade not in ("0", "1", "2"):
            raise SettingsError(
                f"{path}:{rows.line_num}: label {grade!r}, expected 0, 1 or 2"
            )
        question, candidate = row["question"] or "", row["candidate"] or ""
        if question.strip() and candidate.strip():
            yield LabelledPair(
                product_id=row["ASIN"] or "",
                question=question.strip(),
                sentence=candidate.strip(),
                label=int(grade == "2"),
                source=row["source"] or "",
            )


Reader = Callable[[str, IO[str]], Iterator[LabelledPair]]
FORMATS: Mapping[str, Reader] = {"jsonl": read_jsonl, "epqa": read_epqa}


def split_by_question(
    pairs: Sequence[LabelledPair], *, shares: Sequence[float], seed: int
) -> list[list[LabelledPair]]:
    """The pairs in parts by a hash of (seed, product, question), never by pair.

    Args:
        pairs: Labelled pairs.
        shares: Share of each part but the last, which gets the rest; sum at most 1.
        seed: Another seed, another split.
    """
    parts: list[list[LabelledPair]] = [[] for _ in range(len(shares) + 1)]
    for pair in pairs:
        place = _unit_interval(f"{seed}\x1f{pair.product_id}\x1f{pair.question}")
        borders = accumulate(shares)
        parts[sum(place >= border for border in borders)].append(pair)
    return parts


def _unit_interval(text: str) -> float:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64
