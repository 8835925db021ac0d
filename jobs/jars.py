"""Fetch Delta's jars once, so that no later start needs the network.

They go below the Python environment; `jobs.session` takes them from there. Without
them each local start resolves them through ivy.
"""

import shutil
import sys
from pathlib import Path

import click
from pyspark.sql import SparkSession

FOLDER = Path(sys.prefix) / "share" / "catalog-enrichment" / "jars"


def fetched() -> list[str]:
    """The jars that were fetched, none before."""
    return sorted(str(jar) for jar in FOLDER.glob("*.jar"))


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
