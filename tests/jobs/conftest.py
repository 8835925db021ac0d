"""What several tests of jobs are given."""

import json
from pathlib import Path

import pytest

from jobs import class_archive


@pytest.fixture
def kept_archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An archive of classes in a folder with a space, stamped for the Java at hand."""
    archive = tmp_path / "a folder" / "classes.jsa"
    archive.parent.mkdir()
    archive.write_bytes(b"classes")
    monkeypatch.setattr(class_archive, "ARCHIVE", archive)
    monkeypatch.setattr(class_archive, "STAMP", archive.with_suffix(".json"))
    class_archive.STAMP.write_text(json.dumps(class_archive.stamp(7)))
    return archive
