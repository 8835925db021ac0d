"""A small landing zone, and a landing job run as `launch` runs it."""

import datetime as dt
import gzip
import json
import os

from jobs import config, lake, ledger
from jobs.stages import STAGES
from pipelines import tables

DAY = 1393545600  # 2014-02-28


def put(zone, name, content, *, age_days=0):
    """Write a file of the landing zone: bytes as they are, records as JSON lines."""
    path = zone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes):
        content = "".join(f"{json.dumps(one)}\n" for one in content).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    moment = dt.datetime(2026, 1, 1).timestamp() - age_days * 86_400
    os.utime(path, (moment, moment))


def land(spark, zone, lake_root, name, *overrides):
    """Run one job as `launch` does; gives n_in, written, duplicate, quarantined."""
    document = config.read(
        [], [f"landing={zone}", f"lake={lake_root}", "models=x", *overrides]
    )
    document["spark"]["shuffle_partitions"] = 2
    stage = next(stage for stage in STAGES if stage.name == name)
    settings = config.settings_of(stage.settings, document)
    run_id = f"run-{os.urandom(4).hex()}"
    recorder = ledger.Recorder(spark, settings, stage.table, run_id)
    outcome = stage.run()(spark, settings, run_id)
    recorder.done(outcome)
    counts = (outcome.n_written, outcome.n_duplicate, outcome.n_quarantined)
    assert outcome.n_in == sum(counts)
    return (outcome.n_in, *counts)


def rows(spark, lake_root, table, *names):
    found = lake.read(spark, table, lake_root).select(*names).collect()
    return sorted((tuple(row) for row in found), key=str)


def refused(spark, lake_root):
    names = ("stage", "source_file", "position", "position_unit", "item", "error_class")
    return rows(spark, lake_root, tables.QUARANTINE, *names)


def review(number, **fields):
    return {
        "asin": "B1",
        "reviewerID": f"U{number}",
        "overall": 5.0,
        "verified": True,
        "unixReviewTime": DAY,
        "reviewText": f"Text {number} &amp; more",
        **fields,
    }
