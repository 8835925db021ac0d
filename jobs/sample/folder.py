"""A folder that fills up out of sight and appears as a whole.

Through Hadoop's file systems, so that it can be anywhere Spark can write to.
"""

import re
from typing import Any

from pyspark.sql import SparkSession

_STAGING = "_tmp"
_PART = re.compile(r"part-(\d+)-")


class Folder:
    """Files are staged below `_tmp`; `publish` moves them to where they belong."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self.path = path.rstrip("/")
        # The JVM's classes have no Python types.
        self._jvm: Any = spark._jvm
        root = self._path(self.path)
        context: Any = spark._jsc
        self._files = root.getFileSystem(context.hadoopConfiguration())

    def start(self) -> None:
        """Clear what an unfinished run left.

        Raises:
            ValueError: Something else is there, or nothing can be written there.
        """
        root = self._path(self.path)
        if self._files.exists(root):
            if not self._files.getFileStatus(root).isDirectory():
                raise ValueError(f"{self.path}: a file, expected an empty folder")
            if any(name != _STAGING for name, _ in self._children(root)):
                raise ValueError(f"{self.path}: not empty, expected an empty folder")
        self.discard()
        if not self._files.mkdirs(self._path(self.staged("files"))):
            raise ValueError(f"{self.path}: can't be written to")

    def staged(self, name: str) -> str:
        """Where to write something that is not published under this name."""
        return f"{self.path}/{_STAGING}/{name}"

    def place(self, source: str, pattern: str) -> None:
        """Give Spark's part files of a staged folder their names.

        Args:
            source: As `staged` gives it; a folder that is missing has no files.
            pattern: Path below the root, `{}` stands for the part's number.
        """
        folder = self._path(source)
        if not self._files.exists(folder):
            return
        for name, path in self._children(folder):
            part = _PART.match(name)
            if part:
                target = pattern.format(f"part-{part.group(1)}")
                self._move(path, self._path(self.staged(f"files/{target}")))

    def publish(self) -> None:
        """Move every folder that was placed to the root, the landing zone last."""
        placed = sorted(self._children(self._path(self.staged("files"))), reverse=True)
        for name, path in sorted(placed, key=lambda child: child[0] == "landing"):
            self._move(path, self._path(f"{self.path}/{name}"))
        self.discard()

    def discard(self) -> None:
        """Remove what is staged."""
        self._files.delete(self._path(f"{self.path}/{_STAGING}"), True)

    def _path(self, text: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(text)

    def _children(self, folder: Any) -> list[tuple[str, Any]]:
        paths = [status.getPath() for status in self._files.listStatus(folder)]
        return [(path.getName(), path) for path in paths]

    def _move(self, source: Any, target: Any) -> None:
        self._files.mkdirs(target.getParent())
        if not self._files.rename(source, target):
            raise OSError(f"{source}: can't be moved to {target}")
