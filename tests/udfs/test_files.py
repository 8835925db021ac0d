"""Records of raw files, without Spark."""

import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from udfs.files import META, Parsed, file_rows, records
from udfs.pieces import Piece, RefusedError, resolved
from udfs.records import lines

LIMIT = 200
NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def read(tmp_path, name, content, *, begin=0, end=0, limit=LIMIT):
    path = tmp_path / name
    path.write_bytes(content)
    return list(records(Piece(f"file:{path}", name, begin, end), limit))


def seen(found):
    """Position with the value of "a", or with the class of the error."""
    return [
        (raw.position, raw.refused.error_class if raw.refused else raw.record.get("a"))
        for raw in found
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"a": "1"}\n{"a": "2"}\n', [(1, "1"), (2, "2")]),
        (b'\xef\xbb\xbf{"a": "1"}\r\n\r\n  \n{"a": "2"}', [(1, "1"), (4, "2")]),
        (b"{'a': u'it''s', 'b': None}\n", [(1, "its")]),
        (b'{"a": "\\ud83d\\ude00 \x00\x07"}\n', [(1, "\U0001f600 \x00\x07")]),
        (b"{'a': 'x\x00y\rz'}\n", [(1, "x\x00y\rz")]),
        (b"", []),
        (b"\n\n", []),
        (b"nonsense\n{'a': 'ok'}\n", [(1, "invalid_json"), (2, "ok")]),
        (b"{'a': open('x')}\n", [(1, "invalid_literal")]),
        (b'{"a": NaN}\n{"a": Infinity}\n', [(1, "invalid_json"), (2, "invalid_json")]),
        (b'[1]\n"text"\n7\n', [(n, "wrong_type") for n in (1, 2, 3)]),
        (b'{"a": "\xff"}\n{"a": "ok"}\n', [(1, "invalid_utf8"), (2, "ok")]),
        (b"[" * 190 + b"\n{'a': 'ok'}\n", [(1, "invalid_json"), (2, "ok")]),
        (b'{"a": "%s"}\n{"a": "ok"}\n' % (b"x" * 500), [(1, "too_long"), (2, "ok")]),
        (b'{"a": %s}\n{"a": "ok"}' % (b" " * (LIMIT - 8) + b"1"), [(1, 1), (2, "ok")]),
        (b"x" * 5_000_000, [(1, "too_long")]),
    ],
)
def test_lines_are_read_each_for_itself(tmp_path, content, expected):
    assert seen(read(tmp_path, "f.jsonl", content)) == expected
    packed = gzip.compress(content) if content else b""
    assert seen(read(tmp_path, "f.json.gz", packed)) == expected


@pytest.mark.parametrize("opening", ["[", "{'a':", "(", "-", "not ", "1+", "lambda:"])
def test_no_nesting_is_too_deep_to_be_refused(tmp_path, opening):
    content = f"{opening * (900_000 // len(opening))}\n".encode()
    [raw] = read(tmp_path, "f.json", content, limit=1_000_000)
    assert raw.refused.error_class in ("invalid_json", "invalid_literal")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'asin,a\r\nB1,x\r\nB2,"y, ""z"""\r\n', [(2, "x"), (3, 'y, "z"')]),
        (b'asin,a\nB1,"two\nlines"\n\nB2,x', [(2, "two\nlines"), (5, "x")]),
        (b"\xef\xbb\xbfa,asin\n1,B1\n", [(2, "1")]),
        (b"asin,a\nB1\nB2,x\n", [(2, "invalid_csv"), (3, "x")]),
        (b"asin,a\nB1,\xff\nB2,x\n", [(2, "invalid_utf8"), (3, "x")]),
        (b'asin,a\nB1,"\xff\n"\nB2,x\n', [(2, "invalid_utf8"), (4, "x")]),
        (b'asin,a\nB1,"open\nB2,x\nB3,y\n', [(2, "invalid_csv"), (3, "x"), (4, "y")]),
        (b"asin,a\nB1,%s\nB2,x\n" % (b"w" * 300), [(2, "too_long"), (3, "x")]),
        (b'asin,a\nB1,"%s\nB2,x\n' % (b"w" * 195), [(2, "too_long"), (3, "x")]),
        (b"asin,a\nB1,x\x00y\n", [(2, "x\x00y")]),
        (b"asin,a\n", []),
        (b"", []),
        (b"name,a\nB1,x\n", [(0, "invalid_csv")]),
    ],
)
def test_csv_records_are_read_each_for_itself(tmp_path, content, expected):
    assert seen(read(tmp_path, "f.csv", content)) == expected


@given(st.lists(st.tuples(st.text("ab\"',\n\r é"), st.text('xy",\n')), max_size=8))
def test_what_the_csv_module_writes_comes_back(tmp_path_factory, rows):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([("asin", "a"), *rows])
    folder = tmp_path_factory.mktemp("csv")
    found = read(folder, "f.csv", text.getvalue().encode(), limit=10_000)
    kept = [
        {
            name: value
            for name, value in zip(("asin", "a"), row, strict=True)
            if value.strip()
        }
        for row in rows
    ]
    assert [raw.record for raw in found] == kept


def test_an_open_quote_costs_no_more_than_its_own_line(tmp_path):
    content = b'asin,a\nB0,"open\n' + b"".join(b"B%d,v\n" % n for n in range(1, 2000))
    found = seen(read(tmp_path, "f.csv", content))
    assert found[0] == (2, "too_long")
    assert found[1:] == [(n + 2, "v") for n in range(1, 2000)]


def packed(content):
    """Without the time: the tests' names must be the same in every process."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "error_class"),
    [
        ("f.jsonl.gz", packed(b'{"a": 1}\n' * 999)[:-20], "truncated_gzip"),
        ("f.jsonl.gz", packed(b'{"a": 1}\n' * 999)[:40], "truncated_gzip"),
        ("f.csv.gz", packed(b"asin\n1\n" * 999)[:40], "truncated_gzip"),
        ("f.jsonl.gz", b'{"a": 1}\n', "corrupt_gzip"),
        ("f.jsonl.gz", packed(b'{"a": 1}\n')[:-8] + b"\0" * 8, "corrupt_gzip"),
        ("f.xlsx", b"PK", "unknown_format"),
        ("f", b"{}", "unknown_format"),
        ("f.parquet.gz", packed(b"PAR1"), "unknown_format"),
        ("f.parquet", b"PAR1 and no more", "corrupt_parquet"),
    ],
)
def test_a_broken_file_is_one_refusal(tmp_path, name, content, error_class):
    [raw] = read(tmp_path, name, content)
    assert (raw.position, raw.unit, raw.record) == (0, "file", None)
    assert raw.refused.error_class == error_class
    assert name in str(raw.refused)


def test_a_gzip_file_without_its_name_is_unpacked(tmp_path):
    assert seen(read(tmp_path, "f.jsonl", gzip.compress(b'{"a": 1}\n'))) == [(1, 1)]


def test_gzip_members_one_behind_the_other_are_one_file(tmp_path):
    content = gzip.compress(b'{"a": 1}\n') + gzip.compress(b'{"a": 2}\n')
    assert seen(read(tmp_path, "f.jsonl.gz", content)) == [(1, 1), (2, 2)]


def test_parquet_rows_count_from_one_and_a_broken_text_is_refused(tmp_path):
    texts = pa.Array.from_buffers(
        pa.string(),
        3,
        [
            None,
            pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"),
            pa.py_buffer(b"x\xffz"),
        ],
    )
    pq.write_table(pa.table({"a": texts}), tmp_path / "f.parquet")
    found = read(tmp_path, "f.parquet", (tmp_path / "f.parquet").read_bytes())
    assert seen(found) == [(1, "x"), (2, "invalid_utf8"), (3, "z")]
    assert {raw.unit for raw in found} == {"row"}


def test_a_missing_file_is_no_fault_of_the_data(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(records(Piece(f"file:{tmp_path}/gone.jsonl", "gone.jsonl", 0, 0), LIMIT))


@hypothesis_settings(deadline=None)
@given(
    st.lists(st.sampled_from(["", "x", "\r", "é" * 3, "y" * 40]), max_size=12),
    st.integers(1, 30),
    st.sampled_from(["", "\n"]),
)
def test_pieces_of_any_size_give_the_lines_of_the_whole(parts, size, ending):
    content = ("\n".join(parts) + ending).encode()
    starts = [0, *(at + 1 for at, byte in enumerate(content) if byte == 10)]
    whole = [(line.begin, line.content) for line in lines(io.BytesIO(content), 1000)]
    assert [begin for begin, _ in whole] == [at for at in starts if at < len(content)]
    pieces = [
        (line.begin, line.content)
        for begin in range(0, len(content), size)
        for line in lines(
            io.BytesIO(content), 1000, begin=begin, end=min(begin + size, len(content))
        )
    ]
    assert pieces == whole


def test_pieces_count_in_bytes(tmp_path):
    content = b'{"a": 1}\n{"a": 2}\n{"a": 3}\n'
    found = read(tmp_path, "f.jsonl", content, begin=5, end=20)
    assert [(raw.position, raw.unit, raw.record["a"]) for raw in found] == [
        (9, "byte", 2),
        (18, "byte", 3),
    ]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/a/b%20 c", "/a/b%20 c"),
        ("file:/a/b%20 c", "/a/b%20 c"),
        ("file:///a/b", "/a/b"),
    ],
)
def test_a_path_is_taken_as_spark_writes_it(path, place):
    assert resolved(path)[1] == place


def parse(record, source_file) -> Iterator[Parsed]:
    if record["a"] == "whole":
        raise RefusedError("no_good", "a: 'whole', expected less")
    yield Parsed("", {"a": str(int(record["a"]))})
    if "b" in record:
        yield Parsed("b", None, RefusedError("no_b", "b: expected none"))
        yield Parsed("c", {"a": record["b"]})


def test_rows_keep_their_place_and_a_refused_one_its_reason(tmp_path):
    path = tmp_path / "f.jsonl"
    records = [{"a": 1, "b": "x"}, {"a": "whole"}, {"a": "\ud800"}]
    path.write_text("\n".join(json.dumps(one) for one in records))
    pieces = pa.RecordBatch.from_pylist(
        [{"path": str(path), "source_file": "k/f.jsonl", "begin": 0, "end": 0}]
    ).append_column("modified_at", pa.array([NOW]))
    columns = pa.schema([("a", pa.string())])
    read_rows = file_rows(parse, columns, max_record_bytes=LIMIT)
    [batch] = read_rows(iter([pieces]))
    assert batch.schema.names == [*(name for name, _ in META), "a"]
    rows = batch.to_pylist()
    kept = [
        (row["position"], row["item"], row["place"], row["error_class"], row["a"])
        for row in rows
    ]
    assert kept == [
        (1, "", 0, None, "1"),
        (1, "b", 1, "no_b", None),
        (1, "c", 2, None, "x"),
        (2, "", 0, "no_good", None),
        (3, "", 0, "wrong_type", None),  # what no rule foresaw
    ]
    assert rows[3]["message"] == "a: 'whole', expected less"
    assert rows[3]["raw"] == '{"a": "whole"}'
    assert {row["modified_at"] for row in rows} == {NOW}
