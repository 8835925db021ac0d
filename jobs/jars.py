"""Fetch Delta's jars once, so that no later start needs the network.

They go below the Python environment; `jobs.session` takes them from there. Without
them each local start resolves them through ivy. The archive of `jobs.class_archive`
stands beside them.
"""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import click
import pyspark
from pyspark.sql import SparkSession

FOLDER = Path(sys.prefix) / "share" / "catalog-enrichment" / "jars"
ARCHIVE = FOLDER.with_name("classes.jsa")
STAMP = ARCHIVE.with_suffix(".json")  # what the archive is of, and its size


def fetched() -> list[str]:
    """The jars that were fetched, none before."""
    return sorted(str(jar) for jar in FOLDER.glob("*.jar"))


def archive() -> Path | None:
    """The archive of classes, where it is whole and of this Java and these jars.

    A JVM dies of an archive that is cut short, and complains of one that is another's.
    """
    try:
        known = json.loads(STAMP.read_text())
        return ARCHIVE if known == stamp(ARCHIVE.stat().st_size) else None
    except (OSError, ValueError):
        return None


def stamp(n_bytes: int) -> dict[str, str | int]:
    """What an archive of `n_bytes` that fits this environment is known by."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java") or ""
    launcher = Path(java).resolve()
    places = ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR", "YARN_CONF_DIR")
    content = [
        str(launcher),
        launcher.stat().st_mtime_ns,
        [os.environ.get(name) for name in places],
        [(jar, Path(jar).stat().st_size) for jar in fetched()],
        pyspark.__version__,
    ]
    of = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    return {"of": of, "bytes": n_bytes}


def fetch() -> int:
    """Resolve the jars through ivy, copy them to `FOLDER`, give their number."""
    from delta import configure_spark_with_delta_pip

    builder = SparkSession.builder.appName("delta-jars").master("local[1]")
    spark = configure_spark_with_delta_pip(
        builder.config("spark.ui.enabled", "false")
    ).getOrCreate()
    listed = spark.conf.get("spark.jars") or ""
    part = FOLDER.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for jar in filter(None, listed.split(",")):
        source = Path(jar.removeprefix("file:").replace("///", "/"))
        shutil.copy(source, part / source.name)
    spark.stop()
    shutil.rmtree(FOLDER, ignore_errors=True)
    part.rename(FOLDER)
    return len(fetched())


if __name__ == "__main__":
    click.echo(f"{len(fetched()) or fetch()} Delta jars in {FOLDER}")
