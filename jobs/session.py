"""The only builder of the Spark session."""

import os
import sys

from delta import configure_spark_with_delta_pip
from pyspark import SparkConf
from pyspark.sql import SparkSession

from jobs import class_archive, jars
from jobs.config import CONF, Spark

_ALWAYS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": (
        "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    ),
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # The log of a small table is read by two tasks, not fifty.
    "spark.databricks.delta.snapshotPartitions": "2",
}
# Most of a short command is planning, in code that runs a few times: the optimising
# compiler costs more than it gives (docs/benchmarks.md); G1 takes time from the tasks.
JAVA_OPTIONS = "spark.driver.extraJavaOptions"
# C1 alone has room for 48 MiB of code, which a night fills: then nothing is compiled.
LOCAL_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC"
# Else the JVM tells each class that it leaves out of an archive, or that none fits.
QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"


def build(spark: Spark, *, app_name: str = "catalog-enrichment") -> SparkSession:
    """The session with Delta, in UTC; workers run this interpreter locally.

    Under spark-submit, master, memory and jars are its options, and a value set
    there is kept.
    """
    builder = SparkSession.builder.appName(app_name)
    options = dict(_ALWAYS)
    options["spark.sql.shuffle.partitions"] = str(spark.shuffle_partitions)
    if _is_submitted():
        given = SparkConf()
        options = {k: v for k, v in options.items() if not given.contains(k)}
    else:
        options |= _LOCAL
        if spark.master is not None:
            options["spark.master"] = spark.master
        if spark.driver_memory is not None:
            options["spark.driver.memory"] = spark.driver_memory
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    options |= spark.options
    if not _is_submitted():
        log = f"-Dlog4j2.configurationFile={(CONF / 'log4j2.properties').as_uri()}"
        archive = class_archive.fitting()
        shared = f' {QUIET} "-XX:SharedArchiveFile={archive}"' if archive else ""
        java = spark.options.get(JAVA_OPTIONS, LOCAL_JAVA + shared)
        options[JAVA_OPTIONS] = f"{log} {java}"
    for name, value in options.items():
        builder = builder.config(name, value)
    if spark.delta_package and not _is_submitted():
        if jars.fetched():
            builder = builder.config("spark.jars", ",".join(jars.fetched()))
        else:
            builder = configure_spark_with_delta_pip(builder)
    session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel(spark.log_level)
    return session


def _is_submitted() -> bool:
    """Whether spark-submit started this process, and so the JVM."""
    return "PYSPARK_GATEWAY_PORT" in os.environ
