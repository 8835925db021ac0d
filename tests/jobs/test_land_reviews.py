"""Reviews of every format, and what the stream of files promises."""

import csv
import datetime as dt
import gzip
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_zone import land, put, refused, review, rows

from jobs import lake
from jobs.config import SettingsError
from jobs.ledger import TooMuchRefusedError
from pipelines import tables

pytestmark = pytest.mark.spark


@pytest.fixture
def zone(tmp_path):
    folder = tmp_path / "landing zone"
    folder.mkdir()
    return folder


def test_reviews_of_every_format_land_once_and_the_rest_is_told(spark, zone, lake_root):
    put(
        zone,
        "reviews/a.jsonl.gz",
        [review(1), review(2), review(2), review(3, overall=9)],
    )
    put(zone, "reviews/old.json", [review(4)], age_days=400)
    put(
        zone,
        "reviews/2014/b.csv",
        b'asin,reviewerID,reviewText\r\nB1,U5,"x\r\ny"\r\nB1\r\n',
    )
    put(zone, "reviews/cut.jsonl.gz", b"x")
    cut = gzip.compress(json.dumps(review(6)).encode() * 99)[:-9]
    (zone / "reviews/cut.jsonl.gz").write_bytes(cut)
    put(zone, "reviews/note.txt", b"hello")
    # Over 2 GiB: a stream that looked into it would fail.
    os.truncate(zone / "reviews/note.txt", 3 << 30)
    put(zone, "reviews/_SUCCESS", b"")
    put(zone, "reviews/_tmp/c.json", [review(7)])
    table = pa.table({"review_id": ["r8"], "product_id": ["B1"], "text": ["own"]})
    pq.write_table(table, zone / "reviews/own.parquet")

    assert land(spark, zone, lake_root, "land_reviews") == (10, 5, 1, 4)
    landed = rows(spark, lake_root, tables.REVIEWS, "user_id", "text", "domain")
    assert landed == [
        ("U1", "Text 1 & more", "a"),
        ("U2", "Text 2 & more", "a"),
        ("U4", "Text 4 & more", "old"),
        ("U5", "x\r\ny", "b"),
        (None, "own", "own"),
    ]
    assert refused(spark, lake_root) == [
        ("land_reviews", "reviews/2014/b.csv", 4, "line", "", "invalid_csv"),
        ("land_reviews", "reviews/a.jsonl.gz", 4, "line", "", "rating_out_of_range"),
        ("land_reviews", "reviews/cut.jsonl.gz", 0, "file", "", "truncated_gzip"),
        ("land_reviews", "reviews/note.txt", 0, "file", "", "unknown_format"),
    ]

    before = lake.version(spark, tables.REVIEWS, lake_root)
    assert land(spark, zone, lake_root, "land_reviews") == (0, 0, 0, 0)
    # Older than all that was read, and the same records under another name.
    put(zone, "reviews/late.jsonl", [review(1), review(4)], age_days=4000)
    assert land(spark, zone, lake_root, "land_reviews") == (2, 0, 2, 0)
    assert lake.version(spark, tables.REVIEWS, lake_root) == before
    put(zone, "reviews/new.jsonl", [review(4, reviewText="changed"), review(9)])
    assert land(spark, zone, lake_root, "land_reviews") == (2, 2, 0, 0)
    texts = dict(rows(spark, lake_root, tables.REVIEWS, "user_id", "text"))
    assert (texts["U4"], texts["U9"]) == ("changed", "Text 9 & more")
    assert len(refused(spark, lake_root)) == 4


def test_pieces_of_a_plain_file_give_the_rows_of_the_whole(spark, zone, lake_root):
    records = [review(n, reviewText=f"{n} " + "é" * (n % 90)) for n in range(300)]
    put(zone, "reviews/plain.jsonl", records)
    whole = land(spark, zone, f"{lake_root}-1", "land_reviews")
    pieces = land(spark, zone, lake_root, "land_reviews", "land.piece_bytes=1024")
    assert whole == pieces == (300, 300, 0, 0)
    assert rows(spark, lake_root, tables.REVIEWS, "*") == rows(
        spark, f"{lake_root}-1", tables.REVIEWS, "*"
    )


def test_too_many_refusals_commit_nothing_and_are_read_again(spark, zone, lake_root):
    put(zone, "reviews/bad.jsonl", [{}, {}, review(1)])
    strict = ("quarantine.min_rows=1", "quarantine.max_fraction=0.5")
    with pytest.raises(TooMuchRefusedError, match="2 of 3 rows"):
        land(spark, zone, lake_root, "land_reviews", *strict)
    assert not lake.exists(spark, tables.REVIEWS, lake_root)
    assert refused(spark, lake_root) == []
    assert land(spark, zone, lake_root, "land_reviews") == (3, 1, 0, 2)
    put(zone, "reviews/worse.jsonl", [{}])
    with pytest.raises(TooMuchRefusedError):
        land(spark, zone, lake_root, "land_reviews", *strict)
    (zone / "reviews/worse.jsonl").unlink()
    assert land(spark, zone, lake_root, "land_reviews", *strict) == (0, 0, 0, 0)


def test_a_batch_that_was_written_but_not_marked_is_read_again(
    spark, zone, lake_root, tmp_path
):
    put(zone, "reviews/a.jsonl", [review(1), review(2), {}])
    assert land(spark, zone, lake_root, "land_reviews") == (3, 2, 0, 1)
    version = lake.version(spark, tables.REVIEWS, lake_root)
    # As a kill between the merge and the checkpoint leaves it.
    checkpoint = f"{lake_root}/_checkpoints/land_reviews/commits"
    for name in ("0", ".0.crc"):
        (tmp_path / "lake" / "_checkpoints/land_reviews/commits" / name).unlink()
    assert os.listdir(checkpoint) == []
    assert land(spark, zone, lake_root, "land_reviews") == (3, 0, 2, 1)
    assert lake.version(spark, tables.REVIEWS, lake_root) == version
    assert len(refused(spark, lake_root)) == 1


def test_a_zone_that_is_not_there_is_a_wrong_setting(spark, zone, lake_root):
    assert land(spark, zone, lake_root, "land_purchases") == (0, 0, 0, 0)
    with pytest.raises(SettingsError, match="does not exist"):
        land(spark, zone / "gone", lake_root, "land_reviews")


def test_the_table_holds_what_a_plain_count_of_the_file_says(
    spark, zone, lake_root, real_data
):
    [path] = (real_data / "reviews-amazon").glob("*.csv.gz")
    put(zone, "reviews/m.csv", gzip.decompress(path.read_bytes()))
    with (zone / "reviews/m.csv").open(newline="", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    good = [one for one in records if one["reviewText"].strip()]
    latest = {
        (one["asin"], one["reviewerID"], one["unixReviewTime"]): one["overall"]
        for one in good
    }
    n_in, n_written, _, n_refused = land(spark, zone, lake_root, "land_reviews")
    assert (n_in, n_written) == (len(records), len(latest))
    assert n_refused == len(records) - len(good)
    stored = rows(
        spark,
        lake_root,
        tables.REVIEWS,
        "product_id",
        "user_id",
        "reviewed_at",
        "rating",
    )
    expected = sorted(
        (
            (
                asin,
                user,
                dt.datetime.fromtimestamp(int(t), dt.UTC).replace(tzinfo=None),
                float(r),
            )
            for (asin, user, t), r in latest.items()
        ),
        key=str,
    )
    assert stored == expected
