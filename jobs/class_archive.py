"""The archive of the JVM's classes: where it is, and whether it fits.

With it the JVM maps the classes of Spark and Delta at its start instead of loading and
verifying them (application class-data sharing). `jobs.archive_classes` makes it,
`jobs.session` uses it.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pyspark

from jobs import jars

ARCHIVE = jars.FOLDER.with_name("classes.jsa")
STAMP = ARCHIVE.with_suffix(".json")  # what the archive is of, and its size


def fitting() -> Path | None:
    """The archive of classes, where it is whole and of this Java and these jars.

    A JVM dies of an archive that is cut short, and complains of one that is another's.
    """
    try:
        known = json.loads(STAMP.read_text())
        return ARCHIVE if known == stamp(ARCHIVE.stat().st_size) else None
    except (OSError, ValueError):
        return None


def stamp(n_bytes: int) -> dict[str, str | int]:
    """What an archive of `n_bytes` that fits this environment is known by.

    Raises:
        OSError: There is no Java.
    """
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java") or ""
    launcher = Path(java).resolve()
    places = ("SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_CONF_DIR", "YARN_CONF_DIR")
    content = [
        str(launcher),
        launcher.stat().st_mtime_ns,
        [os.environ.get(name) for name in places],
        [(jar, Path(jar).stat().st_size) for jar in jars.fetched()],
        pyspark.__version__,
    ]
    of = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    return {"of": of, "bytes": n_bytes}
