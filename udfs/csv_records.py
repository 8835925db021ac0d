"""Records of CSV files with a header."""

import csv
from collections.abc import Iterator, Sequence

from udfs.pieces import Piece, RefusedError, opened
from udfs.records import Line, Raw, lines, too_long

# Of the csv module, which counts per field; the limit of a record is our own.
_MAX_FIELD = (1 << 31) - 1


class _Lines:
    """Text lines for the csv module, counted and kept, that can be given back."""

    def __init__(self, found: Iterator[Line], limit: int) -> None:
        self._found = found
        self._limit = limit
        self._back: list[Line] = []
        self._n_bytes = 0
        self.taken: list[Line] = []
        self.is_over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._found, None)
        if line is None:
            self.is_over = True
            raise StopIteration
        self.taken.append(line)
        self._n_bytes += len(line.content)
        if line.is_too_long or self._n_bytes > self._limit:
            raise too_long(self._limit)
        return line.content.decode("utf-8", "surrogateescape") + "\n"

    def begin(self) -> None:
        """Forget the lines of the record before."""
        self.taken = []
        self.is_over = False
        self._n_bytes = 0

    def give_back(self) -> None:
        """Give back all taken lines but the first."""
        self._back.extend(reversed(self.taken[1:]))
        del self.taken[1:]


def csv_records(piece: Piece, limit: int) -> Iterator[Raw]:
    """Records of a CSV file; their place is the number of their first line.

    A record that is broken over several lines is most likely a stray quote: its first
    line alone is refused, and the next ones are read anew.

    Raises:
        RefusedError: The header names no product.
    """
    csv.field_size_limit(_MAX_FIELD)
    with opened(piece) as stream:
        taken = _Lines(lines(stream, limit), limit)
        reader = csv.reader(taken)
        header = _header(reader)
        while header:
            taken.begin()
            refused: RefusedError | None = None
            values: list[str] = []
            try:
                values = next(reader)
                _check(values, header, is_open=taken.is_over)
            except StopIteration:
                return
            except RefusedError as error:
                refused = error
            except csv.Error as error:
                refused = RefusedError("invalid_csv", f"{error}, expected CSV")
            if refused is not None and refused.error_class != "invalid_utf8":
                taken.give_back()
            if values or refused is not None:
                yield _raw(
                    taken.taken, dict(zip(header, values, strict=False)), refused
                )


def _header(reader: Iterator[list[str]]) -> list[str]:
    """Names of the columns; none for an empty file."""
    try:
        header = [name.strip() for name in next(reader, [])]
    except (csv.Error, RefusedError) as error:
        raise RefusedError("invalid_csv", f"header: {error}, expected names") from None
    if header and not {"asin", "product_id"} & set(header):
        told = f"header: {', '.join(header)[:200]}, expected asin or product_id in it"
        raise RefusedError("invalid_csv", told.encode("utf-8", "replace").decode())
    return header


def _check(values: Sequence[str], header: Sequence[str], *, is_open: bool) -> None:
    """Refuse a record of another shape than the header's.

    Args:
        values: Of the record; a blank line has none.
        header: Names of the columns.
        is_open: Whether the file ended within the record.
    """
    if not values:
        return
    if is_open:
        raise RefusedError("invalid_csv", "an open quote, expected its end")
    if len(values) != len(header):
        told = f"{len(values)} values, expected {len(header)} as in the header"
        raise RefusedError("invalid_csv", told)
    try:
        "".join(values).encode("utf-8")
    except UnicodeEncodeError:
        raise RefusedError("invalid_utf8", "broken bytes, expected UTF-8") from None


def _raw(
    taken: Sequence[Line], values: dict[str, str], refused: RefusedError | None
) -> Raw:
    text = b"\n".join(line.content for line in taken).decode("utf-8", "replace")
    if refused is not None:
        return Raw(taken[0].number, "line", None, text, refused)
    known = {name: value for name, value in values.items() if value.strip()}
    return Raw(taken[0].number, "line", known, text)
