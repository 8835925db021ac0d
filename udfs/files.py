"""Records of raw files, read by the workers and made into rows.

Spark's own readers either fail a whole query on one broken file or drop what they
can't read. Here each record comes with its place, or with the reason why not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from udfs.csv_records import csv_records
from udfs.pieces import Piece, RefusedError
from udfs.records import (
    LINE_KINDS,
    RAW_CHARACTERS,
    Raw,
    line_records,
    parquet_records,
)

_ROWS_OF_A_BATCH = 5_000
_CHARACTERS_OF_A_BATCH = 8_000_000
META = (
    ("source_file", pa.string()),
    ("modified_at", pa.timestamp("us", tz="UTC")),
    ("position", pa.int64()),
    ("position_unit", pa.string()),
    ("item", pa.string()),
    ("place", pa.int32()),
    ("error_class", pa.string()),
    ("message", pa.string()),
    ("raw", pa.string()),
)
# What values of no expected shape lead to; a rule that foresees one says so itself.
_UNFORESEEN = (TypeError, ValueError, OverflowError, RecursionError, AttributeError)


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
        n_characters = 0
        for batch in batches:
            for given in batch.to_pylist():
                moment = given.pop("modified_at")
                piece = Piece(**given)
                for raw in records(piece, max_record_bytes):
                    rows.extend(_rows(raw, piece, moment, parse))
                    n_characters += len(raw.raw)
                    is_full = n_characters >= _CHARACTERS_OF_A_BATCH
                    if is_full or len(rows) >= _ROWS_OF_A_BATCH:
                        yield pa.RecordBatch.from_pylist(rows, schema)
                        rows, n_characters = [], 0
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema)

    return read


def records(piece: Piece, max_record_bytes: int) -> Iterator[Raw]:
    """Every record of a piece in order; a broken file is one refusal at position 0."""
    name = piece.source_file.lower()
    try:
        if name.endswith(".parquet"):
            yield from parquet_records(piece)
        elif name.removesuffix(".gz").endswith(".csv"):
            yield from csv_records(piece, max_record_bytes)
        elif name.removesuffix(".gz").endswith(LINE_KINDS):
            yield from line_records(piece, max_record_bytes)
        else:
            raise RefusedError(
                "unknown_format",
                f"{piece.source_file}: expected .json, .jsonl, .csv or .parquet",
            )
    except RefusedError as error:
        yield Raw(0, "file", None, "", error)


def _rows(
    raw: Raw, piece: Piece, moment: Any, parse: Parser
) -> Iterator[dict[str, Any]]:
    where = {
        "source_file": piece.source_file,
        "modified_at": moment,
        "position": raw.position,
        "position_unit": raw.unit,
    }
    for place, one in enumerate(_parsed(raw, piece, parse)):
        row = {**where, "item": one.item, "place": place, **(one.row or {})}
        if one.refused is not None:
            row |= {
                "error_class": one.refused.error_class,
                "message": _printable(str(one.refused)),
                "raw": _printable(raw.raw),
            }
        yield row


def _parsed(raw: Raw, piece: Piece, parse: Parser) -> list[Parsed]:
    """The rows of a record; a value that no rule foresaw is refused, not the stage."""
    if raw.refused is not None or raw.record is None:
        return [Parsed("", None, raw.refused)]
    try:
        return list(parse(raw.record, piece.source_file))
    except RefusedError as error:
        return [Parsed("", None, error)]
    except _UNFORESEEN as error:
        told = f"{type(error).__name__}: {error}, expected other values"
        return [Parsed("", None, RefusedError("wrong_type", told))]


def _printable(text: str) -> str:
    """Cut, and without the surrogates that no UTF-8 can hold."""
    cut = text[:RAW_CHARACTERS]
    return cut.encode("utf-8", "backslashreplace").decode("utf-8")[:RAW_CHARACTERS]
