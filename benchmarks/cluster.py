"""The same night on a cluster of processes and in one: the tables must be equal.

    python -m benchmarks.cluster [--products N]

Builds the wheel and installs it into a folder of its own. A sample, a model and a
whole night on `local[2]`; then the night once more by spark-submit of the installed
wheel on `local-cluster[2,1,2048]`, into another lake. Every table but the ledger is
compared: texts and numbers to the letter, scores to 1e-5, vectors to their last bit of
16, times and run ids not.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from deltalake import DeltaTable

from benchmarks import report
from pipelines.tables import RUN_LEDGER, TABLES, TEXT_VECTORS, Table

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    "build_aspect_nouns.min_count=20",
    "train_answers.pretrain_epochs=[0.5]",
    "train_answers.max_epochs=10",
    "spark.shuffle_partitions=4",
)
PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0"
DELTA = {
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": (
        "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    ),
}


def main() -> None:
    """Run both, compare, exit 1 where a table differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--products", type=int, default=80)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = run(Path(folder), options.products)
    sys.exit(any(row["equal"] != "yes" for row in rows))


def run(folder: Path, n_products: int) -> list[report.Row]:
    """One row a table."""
    site = _installed(folder)
    env = os.environ | {
        "PYTHONPATH": str(site),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
    sample, alone, cluster = (str(folder / name) for name in ("sample", "a", "b"))
    enrich = [sys.executable, "-m", "jobs.cli"]
    night = [*enrich, "nightly", *_sets(folder, alone), "--set"]
    night.append("spark.master=local[2]")
    labelled = f"{sample}/labelled/answers.jsonl"
    for command in (
        [*enrich, "sample", sample, "--products", str(n_products)],
        [*night, "--until", "pair_reviews"],
        [
            *enrich,
            "train",
            "answers",
            *_sets(folder, alone),
            "--labelled",
            labelled,
            "--format",
            "jsonl",
        ],
        *(
            [*enrich, "train", noun, "--method", method, *_sets(folder, alone)]
            for noun, method in (
                ("passages", "minilm-cosine"),
                ("attributes", "gazetteer"),
            )
        ),
        night,
    ):
        _do(command, folder, env)
    confs = [part for pair in DELTA.items() for part in ("--conf", "=".join(pair))]
    submit = Path(sys.executable).with_name("spark-submit")
    _do(
        [
            str(submit),
            "--master",
            "local-cluster[2,1,2048]",
            "--packages",
            PACKAGE,
            *confs,
            "--conf",
            f"spark.executorEnv.PYTHONPATH={site}",
            str(site / "jobs" / "nightly.py"),
            *_sets(folder, cluster),
        ],
        folder,
        env,
    )
    rows = [_row(table, alone, cluster) for table in TABLES if table is not RUN_LEDGER]
    report.show("local[2] and local-cluster[2,1,2048]", rows)
    return rows


def _installed(folder: Path) -> Path:
    site, pip = folder / "site", [sys.executable, "-m", "pip"]
    build = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    _do([*build, "--wheel-dir", str(folder), str(ROOT)], ROOT, dict(os.environ))
    (wheel,) = folder.glob("*.whl")
    install = [*pip, "install", "--quiet", "--no-deps", "--target", str(site)]
    _do([*install, str(wheel)], folder, dict(os.environ))
    return site


def _sets(folder: Path, lake: str) -> list[str]:
    places = (f"landing={folder}/sample/landing", f"models={folder}/models")
    return [
        part for one in (*places, f"lake={lake}", *QUICK) for part in ("--set", one)
    ]


def _do(command: list[str], folder: Path, env: dict[str, str]) -> None:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"exit {done.returncode}: {' '.join(command)}")
    name = " ".join(Path(part).name for part in command[:5])
    print(f"{time.perf_counter() - started:6.1f} s  {name} ...", flush=True)


def _row(table: Table, *lakes: str) -> report.Row:
    sides = [_content(table, lake) for lake in lakes]
    (texts, numbers), (other_texts, other_numbers) = sides
    # Another batch may change a vector's last bit.
    near = 1e-3 if table is TEXT_VECTORS else 1e-5
    is_equal = texts == other_texts and all(
        math.isclose(one, other, abs_tol=near)
        for one, other in zip(numbers, other_numbers, strict=True)
    )
    told = {"local[2]": len(texts), "local-cluster": len(other_texts)}
    return {"table": table.name, **told, "equal": "yes" if is_equal else "NO"}


def _content(table: Table, lake: str) -> tuple[list[str], list[float]]:
    """Rows as JSON with the floats taken out, in order, and those floats."""
    rows = DeltaTable(f"{lake}/{table.name}").to_pyarrow_table().to_pylist()
    told = []
    for row in rows:
        floats: list[float] = []
        names = [
            name for name in table.columns if name not in (*table.stamps, "built_at")
        ]
        kept = {name: row[name] for name in names}
        text = json.dumps(_without(kept, floats), default=str, sort_keys=True)
        told.append((text, floats))
    told.sort()
    return [text for text, _ in told], [one for _, floats in told for one in floats]


def _without(value: Any, floats: list[float]) -> Any:
    """The value with its floats replaced by 0 and kept aside."""
    if isinstance(value, float):
        floats.append(value)
        return 0
    if isinstance(value, bytes):  # a vector: half-precision numbers
        floats += np.frombuffer(value, dtype="<f2").astype(float).tolist()
        return 0
    if isinstance(value, dict):
        return {name: _without(one, floats) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without(one, floats) for one in value]
    return value


if __name__ == "__main__":
    main()
