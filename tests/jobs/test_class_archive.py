"""The archive of the JVM's classes: when it is used, and that nothing needs it."""

import json

import pytest

from jobs import class_archive, jars


@pytest.fixture
def kept(monkeypatch, tmp_path):
    archive, stamp = tmp_path / "classes.jsa", tmp_path / "classes.json"
    for module in (jars, class_archive):
        monkeypatch.setattr(module, "ARCHIVE", archive)
        monkeypatch.setattr(module, "STAMP", stamp)
    archive.write_bytes(b"classes")
    stamp.write_text(json.dumps(jars.stamp(7)))
    return archive


def java(folder):
    launcher = folder / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.touch()
    return str(folder)


def test_a_whole_archive_of_this_java_is_used(kept):
    assert jars.archive() == kept


def test_an_archive_that_is_cut_short_is_not_used(kept):
    kept.write_bytes(b"class")
    assert jars.archive() is None


def test_an_archive_of_another_java_is_not_used(kept, monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", java(tmp_path / "other"))
    assert jars.archive() is None


def test_an_archive_of_another_class_path_is_not_used(kept, monkeypatch):
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop")
    assert jars.archive() is None


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_an_archive_without_a_readable_stamp_is_not_used(kept, content):
    jars.STAMP.write_text(content)
    assert jars.archive() is None


def test_without_an_archive_there_is_none(kept):
    kept.unlink()
    assert jars.archive() is None


def test_setting_up_goes_on_where_the_jvm_makes_none(kept, monkeypatch, capsys):
    def fails():
        raise class_archive.NoArchiveError("the JVM ended with status 1, expected 0")

    monkeypatch.setattr(class_archive, "make", fails)
    class_archive.main()
    said = capsys.readouterr()
    assert said.out == ""
    assert "no archive of classes" in said.err
    assert "status 1" in said.err
