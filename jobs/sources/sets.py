"""Labelled sets, whatever a row is of: open files, keep a part, split by a hash."""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, TypeVar

from jobs.config import SettingsError

T = TypeVar("T")
# Half of a pair: no UTF-8 can hold it.
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_file(path: str, reader: Callable[[str, IO[str]], Iterator[T]]) -> list[T]:
    """All that a reader gives of a file, gzip or not.

    Raises:
        SettingsError: The file is missing or unreadable, or the reader refuses a line.
    """
    try:
        with _opened(path) as stream:
            return list(reader(path, stream))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise SettingsError(f"{path}: {error}") from None


def read_rows(
    paths: Sequence[str],
    format_name: str,
    formats: Mapping[str, Callable[[str, IO[str]], Iterator[T]]],
    *,
    where: Sequence[str],
    kind: type[T],
    noun: str,
) -> list[T]:
    """All rows of the files that `where` keeps, those of the same content once.

    Args:
        paths: Files, gzip or not.
        format_name: One of `formats`.
        formats: Reader of each.
        where: `column=value` conditions, all of which must hold.
        kind: A dataclass, of the rows.
        noun: What a row is, for the message.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    rows = [row for path in paths for row in read_file(path, formats[format_name])]
    kept = list(dict.fromkeys(having(rows, where, kind)))
    if not kept:
        names = ", ".join(paths)
        raise SettingsError(f"{names}: no {noun}, expected {format_name} rows")
    return kept


def _opened(path: str) -> IO[str]:
    with Path(path).open("rb") as probe:
        is_gzip = probe.read(2) == b"\x1f\x8b"
    # A byte order mark is no content; a lone carriage return ends no line.
    if is_gzip:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="\n")
    return Path(path).open(encoding="utf-8-sig", newline="\n")


def having(rows: Iterable[T], where: Sequence[str], kind: type[Any]) -> list[T]:
    """The rows that meet all conditions.

    Args:
        rows: Of `kind`.
        where: `column=value` conditions.
        kind: A dataclass.

    Raises:
        SettingsError: A condition is none, or of no column.
    """
    conditions = [_condition(text, kind) for text in where]
    return [
        row
        for row in rows
        if all(str(getattr(row, name)) == value for name, value in conditions)
    ]


def _condition(text: str, kind: type[Any]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    known = [field.name for field in fields(kind)]
    if not equals or name not in known:
        raise SettingsError(f"--where {text}: expected COLUMN=VALUE, one of {known}")
    return name, value


def in_parts(
    rows: Iterable[T], key: Callable[[T], str], *, shares: Sequence[float], seed: int
) -> list[list[T]]:
    """The rows in parts by a hash of the seed and their key: rows of one key together.

    Args:
        rows: In any order.
        key: What must not stand in two parts.
        shares: Share of each part but the last, which gets the rest; sum at most 1.
        seed: Another seed, another split.
    """
    parts: list[list[T]] = [[] for _ in range(len(shares) + 1)]
    for row in rows:
        digest = sha256(f"{seed}\x1f{key(row)}".encode()).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        parts[sum(place >= border for border in accumulate(shares))].append(row)
    return parts


def normalised(text: str) -> str:
    """A text's words whatever their case and white space.

    >>> normalised("Does  it FIT?")
    'does it fit?'
    """
    return " ".join(text.lower().split())


def objects(path: str, stream: IO[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of JSON lines that are not blank, each with its place, `path:line`.

    Raises:
        SettingsError: A line is no object, with its number.
    """
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            record = loaded(line)
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{place}: {error}, expected JSON") from None
        if not isinstance(record, Mapping):
            raise SettingsError(f"{place}: expected a JSON object")
        yield place, record


def loaded(text: str, parse: Callable[[str], Any] = json.loads) -> Any:
    r"""What a text of JSON says, with U+FFFD for each half of a pair that is alone.

    Args:
        text: A value.
        parse: Reads it, if it is not JSON.

    >>> loaded('["a \\ud83d.", "\\ud83d\\ude00"]') == ["a \ufffd.", "\U0001f600"]
    True
    """
    found = parse(text)
    if _ESCAPED_HALF.search(text):
        whole = json.dumps(found, ensure_ascii=False)
        pairs = whole.encode("utf-16", "surrogatepass")
        return json.loads(pairs.decode("utf-16", "replace"))
    return found


def text_of(place: str, row: Mapping[str, Any], name: str) -> str:
    """A text of a row, stripped of outer white space.

    Raises:
        SettingsError: It is blank or no text.
    """
    text = row.get(name)
    if not isinstance(text, str) or not text.strip():
        raise SettingsError(f"{place}: {name} {text!r}, expected a text")
    return text.strip()


@lru_cache(maxsize=1)
def read_once(
    read: Callable[..., Sequence[Any]],
    data: str,
    files: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
) -> Sequence[Any]:
    """The rows of a set, read once a process while a comparison's runs follow.

    Args:
        read: Of the capability, such as `labelled_passages.read`.
        data: Folder that the files are in.
        files: Paths below it.
        format_name: Of the files.
        where: `column=value` conditions.
    """
    return read([str(Path(data) / file) for file in files], format_name, where=where)
