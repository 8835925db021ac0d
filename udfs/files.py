"""Records of raw files, read by the workers: JSON or dict lines, CSV, parquet.

Spark's own readers either fail a whole query on one broken file or drop what they
can't read. Here each record comes with its place, or with the reason why not.
"""

import ast
import csv
import gzip
import io
import json
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

_RAW_CHARACTERS = 1000
_ROWS_OF_A_BATCH = 5000
_BLOCK = 1 << 20
LINE_KINDS = (".json", ".jsonl")
META = (
    ("source_file", pa.string()),
    ("modified_at", pa.timestamp("us", tz="UTC")),
    ("position", pa.int64()),
    ("position_unit", pa.string()),
    ("item", pa.string()),
    ("error_class", pa.string()),
    ("message", pa.string()),
    ("raw", pa.string()),
)
_LITERAL_ERRORS = (ValueError, SyntaxError, MemoryError, RecursionError, TypeError)


class RefusedError(ValueError):
    """A record breaks a rule.

    Attributes:
        error_class: Short name of the rule.
    """

    def __init__(self, error_class: str, message: str) -> None:
        super().__init__(message)
        self.error_class = error_class


@dataclass(frozen=True)
class Piece:
    """A file, or the lines that start in a range of its bytes.

    Attributes:
        path: Where it is, as Spark names it.
        source_file: Its name below the landing zone.
        begin: First byte.
        end: Byte behind the last; 0 means the whole file.
    """

    path: str
    source_file: str
    begin: int
    end: int


@dataclass(frozen=True)
class Raw:
    """One record as it stands in its file, or why there is none."""

    position: int
    unit: str
    record: Mapping[str, Any] | None
    raw: str
    refused: RefusedError | None = None


@dataclass(frozen=True)
class Parsed:
    """A row made of a record (one record may give several), or why there is none."""

    item: str
    row: Mapping[str, Any] | None
    refused: RefusedError | None = None


Parser = Callable[[Mapping[str, Any], str], Iterator[Parsed]]


def file_rows(
    parse: Parser, columns: pa.Schema, *, max_record_bytes: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `mapInArrow` from pieces of files to rows.

    In: path, source_file, begin, end, modified_at. Out: `META` and `columns`; where
    error_class is set the row's own columns are null.

    Args:
        parse: Rows of one record; raises `RefusedError` for the whole record. Takes
            the record and its source_file.
        columns: Of the rows.
        max_record_bytes: Longest line or record.
    """
    schema = pa.schema([*META, *columns])

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows: list[dict[str, Any]] = []
        for batch in batches:
            for given in batch.to_pylist():
                moment = given.pop("modified_at")
                piece = Piece(**given)
                for raw in records(piece, max_record_bytes):
                    rows.extend(_rows(raw, piece, moment, parse))
                    if len(rows) >= _ROWS_OF_A_BATCH:
                        yield pa.RecordBatch.from_pylist(rows, schema)
                        rows = []
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema)

    return read


def _rows(
    raw: Raw, piece: Piece, moment: Any, parse: Parser
) -> Iterator[dict[str, Any]]:
    place = {
        "source_file": piece.source_file,
        "modified_at": moment,
        "position": raw.position,
        "position_unit": raw.unit,
    }
    try:
        if raw.refused is not None or raw.record is None:
            raise raw.refused or RefusedError("no_record", "expected a record")
        parsed = list(parse(raw.record, piece.source_file))
    except RefusedError as error:
        parsed = [Parsed("", None, error)]
    for one in parsed:
        row = {**place, "item": one.item, **(one.row or {})}
        if one.refused is not None:
            row |= {
                "error_class": one.refused.error_class,
                "message": _printable(str(one.refused)),
                "raw": _printable(raw.raw),
            }
        yield row


def _printable(text: str) -> str:
    """Cut, and without the surrogates that no UTF-8 can hold."""
    cut = text[:_RAW_CHARACTERS]
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")[:_RAW_CHARACTERS]


def records(piece: Piece, max_record_bytes: int) -> Iterator[Raw]:
    """Every record of a piece in order; a broken file is one refusal at position 0."""
    name = piece.source_file.lower().removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            yield from _parquet(piece)
            return
        if not name.endswith((*LINE_KINDS, ".csv")):
            raise RefusedError(
                "unknown_format",
                f"{piece.source_file}: expected .json, .jsonl, .csv or .parquet",
            )
        with _opened(piece) as stream:
            if name.endswith(".csv"):
                yield from _csv(stream, max_record_bytes)
            else:
                yield from _lines(stream, piece, max_record_bytes)
    except RefusedError as error:
        yield Raw(0, "file", None, "", error)
    except (OSError, pa.ArrowException) as error:
        yield Raw(0, "file", None, "", RefusedError("unreadable_file", str(error)))


def _input(path: str) -> pa.NativeFile:
    if path.startswith("file:"):
        local = "/" + path.removeprefix("file:").lstrip("/")
        return fs.LocalFileSystem().open_input_file(local)
    system, place = fs.FileSystem.from_uri(path)
    return system.open_input_file(place)


def _opened(piece: Piece) -> IO[bytes]:
    """The file's bytes; a gzip file is read to its end first, to know it is whole."""
    with _input(piece.path) as probe:
        is_gzip = piece.source_file.lower().endswith(".gz")
        if not is_gzip and probe.read(2) != b"\x1f\x8b":
            return io.BufferedReader(_input(piece.path))  # type: ignore[arg-type] # a raw stream
    _check_gzip(piece)
    unpacked = gzip.GzipFile(fileobj=_input(piece.path))
    return io.BufferedReader(unpacked)


def _check_gzip(piece: Piece) -> None:
    again = "; send it again under a new name"
    name = piece.source_file
    try:
        with _input(piece.path) as packed, gzip.GzipFile(fileobj=packed) as stream:
            while stream.read(_BLOCK):
                pass
    except EOFError:
        raise RefusedError("truncated_gzip", f"{name}: cut off{again}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RefusedError("corrupt_gzip", f"{name}: {error}{again}") from None


def _lines(stream: IO[bytes], piece: Piece, limit: int) -> Iterator[Raw]:
    """Records of JSON or dict-literal lines, those that start in the piece."""
    offset = piece.begin
    if offset:
        # The line that runs over the border belongs to the piece before.
        stream.seek(offset - 1)
        offset += _skip_line(stream) - 1
    number = 0
    while not piece.end or offset < piece.end:
        line = stream.readline(limit + 2)
        if not line:
            return
        number += 1
        position, unit = (offset, "byte") if piece.end else (number, "line")
        offset += len(line)
        content = line.rstrip(b"\r\n")
        if len(content) > limit:
            if not line.endswith(b"\n"):
                offset += _skip_line(stream)
            text = content[:_RAW_CHARACTERS].decode("utf-8", "replace")
            told = f"more than {limit:,} bytes, expected a shorter record"
            yield Raw(position, unit, None, text, RefusedError("too_long", told))
            continue
        if not position or position == 1:
            content = content.removeprefix(b"\xef\xbb\xbf")
        if content.strip():
            yield _line(content, position, unit)


def _skip_line(stream: IO[bytes]) -> int:
    """Read to the end of the line, give the number of bytes."""
    n_bytes = 0
    while piece := stream.readline(_BLOCK):
        n_bytes += len(piece)
        if piece.endswith(b"\n"):
            break
    return n_bytes


def _line(content: bytes, position: int, unit: str) -> Raw:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raw = content.decode("utf-8", "replace")
        told = f"byte {error.start}: {error.reason}, expected UTF-8"
        return Raw(position, unit, None, raw, RefusedError("invalid_utf8", told))
    try:
        return Raw(position, unit, _record(text), text)
    except RefusedError as error:
        return Raw(position, unit, None, text, error)


def _record(text: str) -> Mapping[str, Any]:
    """A JSON object or a Python dict literal; nothing is ever evaluated."""
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as json_error:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # odd escapes in other people's text
                found = ast.literal_eval(text.strip())
        except _LITERAL_ERRORS as error:
            is_literal = text.lstrip()[:2] in ("{'", "{u")
            first = str(error if is_literal else json_error).splitlines()
            raise RefusedError(
                "invalid_literal" if is_literal else "invalid_json",
                f"{first[0] if first else type(error).__name__}, expected one record",
            ) from None
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise RefusedError("wrong_type", f"{kind}, expected a record of named values")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


class _Lines:
    """Text lines that can be given back."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._back: list[str] = []
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._stream)
        self.taken.append(line)
        self.number += 1
        return line

    def keep_first(self) -> None:
        """Give back all taken lines but the first."""
        self._back.extend(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


def _csv(stream: IO[bytes], limit: int) -> Iterator[Raw]:
    """Records of a CSV file with a header; one broken record does not eat the next."""
    csv.field_size_limit(limit)
    text = io.TextIOWrapper(
        stream, encoding="utf-8-sig", errors="surrogateescape", newline=""
    )
    lines = _Lines(text)
    reader = csv.reader(lines)
    header = next(reader, None)
    if header is None:
        return
    while True:
        lines.taken.clear()
        first = lines.number + 1
        try:
            values = next(reader)
            refused = _csv_fault(values, header, lines.taken, limit)
        except StopIteration:
            return
        except csv.Error as error:
            values, refused = [], RefusedError("invalid_csv", str(error))
        if refused is not None and len(lines.taken) > 1:
            # A stray quote: only its own line is lost, the next ones are read anew.
            lines.keep_first()
        raw = "".join(lines.taken)
        if refused is not None:
            yield Raw(first, "line", None, raw, refused)
        elif raw.strip():
            filled = {
                name: value for name, value in zip(header, values, strict=True) if value
            }
            yield Raw(first, "line", filled, raw)


def _csv_fault(
    values: list[str], header: list[str], lines: list[str], limit: int
) -> RefusedError | None:
    raw = "".join(lines)
    if not raw.strip():
        return None
    if len(raw) > limit:
        return RefusedError("too_long", f"more than {limit:,} bytes")
    if len(values) != len(header):
        told = f"{len(values)} values, expected {len(header)}"
        return RefusedError("invalid_csv", told)
    if any("\udc80" <= character <= "\udcff" for character in raw):
        return RefusedError("invalid_utf8", "expected UTF-8")
    return None


def _parquet(piece: Piece) -> Iterator[Raw]:
    number = 0
    with _input(piece.path) as source:
        for batch in pq.ParquetFile(source).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                record = {
                    name: value for name, value in row.items() if value is not None
                }
                yield Raw(number, "row", record, str(record)[:_RAW_CHARACTERS])
