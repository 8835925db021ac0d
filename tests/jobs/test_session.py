"""Options of the Spark session that a local run gets."""

import shlex
from pathlib import Path

import pytest

from jobs import session
from jobs.config import Spark

OPTION = "spark.driver.extraJavaOptions"
LOG = "log4j2.properties"


class Builder:
    """Keeps the options and builds nothing."""

    def __init__(self):
        self.options = {}
        self.sparkContext = self

    def appName(self, name):
        return self

    def config(self, name, value):
        self.options[name] = value
        return self

    def getOrCreate(self):
        return self

    def setLogLevel(self, level):
        return None


@pytest.fixture
def built(monkeypatch):
    builder = Builder()
    monkeypatch.setattr(session, "SparkSession", type("_", (), {"builder": builder}))

    def build(options, *, is_submitted=False):
        monkeypatch.setattr(session, "_is_submitted", lambda: is_submitted)
        session.build(
            Spark(
                master="local[1]",
                driver_memory=None,
                shuffle_partitions=2,
                delta_package=False,
                log_level="OFF",
                options=options,
            )
        )
        return builder.options

    return build


def test_a_local_session_compiles_with_c1_and_has_the_projects_log(built):
    options = built({})[OPTION].split()
    assert "-XX:TieredStopAtLevel=1" in options
    assert "-XX:ReservedCodeCacheSize=256m" in options
    assert any(Path(one).name == LOG for one in options)


def test_a_local_session_maps_the_archive_of_classes_where_it_fits(built, kept_archive):
    option = f"-XX:SharedArchiveFile={kept_archive}"
    assert option in shlex.split(built({})[OPTION])
    assert option not in shlex.split(built({OPTION: "-XX:+UseZGC"})[OPTION])
    kept_archive.unlink()
    assert option not in shlex.split(built({})[OPTION])


def test_given_java_options_take_the_place_of_all_but_the_log(built):
    options = built({OPTION: "-XX:+UseZGC"})[OPTION].split()
    assert "-XX:+UseZGC" in options
    assert any(Path(one).name == LOG for one in options)
    assert len(options) == 2


def test_under_spark_submit_the_java_options_are_its_own(built):
    assert OPTION not in built({}, is_submitted=True)
