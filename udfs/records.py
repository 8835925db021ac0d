"""Records of raw files: JSON or dict lines and parquet; each with its place.

Where there is none, the reason comes in its stead. No file and no line is ever held
in memory whole beyond the size that a record may have.
"""

import ast
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from udfs.pieces import Piece, RefusedError, opened, stored

RAW_CHARACTERS = 1000
LINE_KINDS = (".json", ".jsonl")
BOM = b"\xef\xbb\xbf"
LITERAL_ERRORS = (ValueError, SyntaxError, MemoryError, RecursionError, TypeError)
_BLOCK = 1 << 20
_PARQUET_ROWS = 1000
# Raw control characters are ordinary in texts, but Python's own grammar ends at them.
_ESCAPED = str.maketrans({"\0": "\\x00", "\r": "\\r"})


@dataclass(frozen=True)
class Raw:
    """One record as it stands in its file, or why there is none."""

    position: int
    unit: str
    record: Mapping[str, Any] | None
    raw: str
    refused: RefusedError | None = None


@dataclass(frozen=True)
class Line:
    """One line without its line feed.

    Attributes:
        number: From 1, within the file or the piece.
        begin: Place of its first byte in the file.
        content: The line, its beginning if it is too long.
        is_too_long: Whether it is longer than a record may be.
    """

    number: int
    begin: int
    content: bytes
    is_too_long: bool


def lines(
    stream: IO[bytes], limit: int, *, begin: int = 0, end: int = 0
) -> Iterator[Line]:
    """The lines that start in a range of bytes, an `end` of 0 being the file's."""
    at = begin
    if begin:
        # The line that runs over the border belongs to the piece before.
        stream.seek(begin - 1)
        at += _skip_line(stream) - 1
    number = 0
    while not end or at < end:
        found = stream.readline(limit + 2)
        if not found:
            return
        number += 1
        rest = 0 if found.endswith(b"\n") else _skip_line(stream)
        content = found.removesuffix(b"\n")
        if not at:
            content = content.removeprefix(BOM)
        yield Line(number, at, content, rest > 0 or _size(content) > limit)
        at += len(found) + rest


def _size(content: bytes) -> int:
    return len(content.removesuffix(b"\r"))


def _skip_line(stream: IO[bytes]) -> int:
    """Read to the end of the line, give the number of bytes."""
    n_bytes = 0
    while block := stream.readline(_BLOCK):
        n_bytes += len(block)
        if block.endswith(b"\n"):
            break
    return n_bytes


def too_long(limit: int) -> RefusedError:
    """The refusal of a record over the limit."""
    return RefusedError("too_long", f"more than {limit:,} bytes, expected fewer")


def line_records(piece: Piece, limit: int) -> Iterator[Raw]:
    """Records of JSON or dict-literal lines, those that start in the piece."""
    with opened(piece) as stream:
        for line in lines(stream, limit, begin=piece.begin, end=piece.end):
            unit = "byte" if piece.end else "line"
            position = line.begin if piece.end else line.number
            if line.is_too_long:
                text = line.content[:RAW_CHARACTERS].decode("utf-8", "replace")
                yield Raw(position, unit, None, text, too_long(limit))
            elif line.content.strip():
                yield _line(line.content, position, unit)


def _line(content: bytes, position: int, unit: str) -> Raw:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raw = content.decode("utf-8", "replace")
        told = f"byte {error.start}: {error.reason}, expected UTF-8"
        return Raw(position, unit, None, raw, RefusedError("invalid_utf8", told))
    try:
        return Raw(position, unit, record(text), text)
    except RefusedError as error:
        return Raw(position, unit, None, text, error)


def record(text: str) -> Mapping[str, Any]:
    """A JSON object or a Python dict literal; nothing is ever evaluated.

    >>> record('{"asin": "B1"}') == record("{'asin': u'B1'}")
    True

    Raises:
        RefusedError: It is neither.
    """
    try:
        found = _JSON.decode(text.strip())
    except (ValueError, RecursionError) as json_error:
        try:
            found = literal(text)
        except LITERAL_ERRORS as error:
            is_literal = text.lstrip()[:2] in ("{'", "{u")
            told = str(error if is_literal else json_error).splitlines()
            first = told[0] if told else type(error).__name__
            raise RefusedError(
                "invalid_literal" if is_literal else "invalid_json",
                f"{first}, expected one record",
            ) from None
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise RefusedError("wrong_type", f"{kind}, expected a record of named values")
    return found


def literal(text: str) -> Any:
    """The value of a Python literal; one of `LITERAL_ERRORS` for anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes in other people's text
        return ast.literal_eval(text.strip().translate(_ESCAPED))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


_JSON = json.JSONDecoder(strict=False, parse_constant=_no_constant)


def parquet_records(piece: Piece) -> Iterator[Raw]:
    """Rows of a parquet file; all of it is read once first, to know it is sound.

    Raises:
        RefusedError: The file is corrupt; none of its rows is taken.
    """
    with stored(piece) as source:
        try:
            for _ in pq.ParquetFile(source).iter_batches(batch_size=_PARQUET_ROWS):
                pass
        except (pa.ArrowException, OSError) as error:
            told = f"{piece.source_file}: {error}; send it again under a new name"
            raise RefusedError("corrupt_parquet", told) from None
    with stored(piece) as source:
        number = 0
        for batch in pq.ParquetFile(source).iter_batches(batch_size=_PARQUET_ROWS):
            for row in _rows(batch):
                number += 1
                yield _row(row, number)


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any] | UnicodeDecodeError]:
    """Rows as values; one whose bytes are no UTF-8 as that error."""
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError as error:
        if batch.num_rows == 1:
            return [error]
    halves = batch.slice(0, batch.num_rows // 2), batch.slice(batch.num_rows // 2)
    return [row for half in halves for row in _rows(half)]


def _row(row: dict[str, Any] | UnicodeDecodeError, number: int) -> Raw:
    if isinstance(row, UnicodeDecodeError):
        told = f"byte {row.start}: {row.reason}, expected UTF-8"
        return Raw(number, "row", None, "", RefusedError("invalid_utf8", told))
    known = {name: value for name, value in row.items() if value is not None}
    return Raw(number, "row", known, str(known))
