"""Files and ranges of files, opened on any file system that pyarrow knows."""

import gzip
import io
import zlib
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

import pyarrow as pa
from pyarrow import fs

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
# pyarrow has one name where Hadoop has had three.
_SCHEMES = {"s3a://": "s3://", "s3n://": "s3://"}


class RefusedError(ValueError):
    """An input breaks a rule.

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


def resolved(path: str) -> tuple[fs.FileSystem, str]:
    """The file system of a path, and the path within it.

    Takes local paths, and URIs as Hadoop writes them: not escaped, and with its own
    names of schemes.
    """
    if path.startswith("file:"):
        return fs.LocalFileSystem(), "/" + path.removeprefix("file:").lstrip("/")
    if "://" not in path:
        return fs.LocalFileSystem(), path
    for hadoop, arrow in _SCHEMES.items():
        if path.startswith(hadoop):
            path = arrow + path.removeprefix(hadoop)
    system, place = fs.FileSystem.from_uri(quote(path, safe="/:@"))
    return system, place


def stored(piece: Piece) -> pa.NativeFile:
    """The bytes of a piece's file as they are stored.

    Raises:
        OSError: It can't be opened. That is no fault of the data, so the stage fails
            and the file is read another night.
    """
    system, place = resolved(piece.path)
    return system.open_input_file(place)


def opened(piece: Piece) -> IO[bytes]:
    """The content of a piece's file, unpacked if it is gzip.

    A gzip file is read to its end first, in bounded memory, to know it is whole. It
    is known by its name or by its first bytes.

    Raises:
        RefusedError: It is cut off or corrupt; none of its lines is taken.
    """
    with stored(piece) as probe:
        starts_gzip = probe.read(2) == _GZIP
    if not starts_gzip and not piece.source_file.lower().endswith(".gz"):
        return _buffered(stored(piece))
    if piece.end:
        raise RefusedError("unknown_format", "a gzip file, expected a name with .gz")
    _check_gzip(piece)
    return _buffered(gzip.GzipFile(fileobj=stored(piece)))


def _buffered(stream: Any) -> IO[bytes]:
    return io.BufferedReader(stream, _BLOCK)


def _check_gzip(piece: Piece) -> None:
    name, n_bytes = piece.source_file, 0
    again = "nothing of it was loaded; send it again under a new name"
    try:
        with stored(piece) as packed, gzip.GzipFile(fileobj=packed) as stream:
            while block := stream.read(_BLOCK):
                n_bytes += len(block)
    except EOFError:
        told = f"{name}: cut off after {n_bytes:,} unpacked bytes, {again}"
        raise RefusedError("truncated_gzip", told) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RefusedError("corrupt_gzip", f"{name}: {error}, {again}") from None
