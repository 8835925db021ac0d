"""One lazy Spark session for the whole run, and scratch lakes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs import session
from jobs.config import Spark

# Two test processes share two cores; one alone may have both. Not as a default: the
# processes have the environment of the one that started them, which set it already.
os.environ["OMP_NUM_THREADS"] = "1" if "PYTEST_XDIST_WORKER" in os.environ else "2"

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole job first: it is the longest, and the other process does the rest."""
    items.sort(key=lambda item: item.path.name != "test_nightly.py")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    built = session.build(
        Spark(
            master="local[2]",  # two workers, to see what depends on their number
            driver_memory="6g",
            shuffle_partitions=2,  # small tables: more tasks only cost time
            delta_package=True,
            log_level="OFF",  # expected failures would fill the screen
            # Small tables, many plans: generated code does not pay.
            options={
                "spark.sql.codegen.wholeStage": "false",
                "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            },
        ),
        app_name="tests",
    )
    yield built
    built.stop()


@pytest.fixture
def lake_root(tmp_path: Path) -> str:
    return str(tmp_path / "lake")


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the public data is not there: {DATA.name} beside the project")
    return DATA
