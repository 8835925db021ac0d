"""The archive of the JVM's classes: when it is used, and that nothing needs it."""

import pytest

from jobs import archive_classes, class_archive


def java(folder):
    launcher = folder / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.touch()
    return str(folder)


def test_a_whole_archive_of_this_java_is_used(kept_archive):
    assert class_archive.fitting() == kept_archive


def test_an_archive_that_is_cut_short_is_not_used(kept_archive):
    kept_archive.write_bytes(b"class")
    assert class_archive.fitting() is None


def test_an_archive_of_another_java_is_not_used(kept_archive, monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", java(tmp_path / "other"))
    assert class_archive.fitting() is None


def test_an_archive_of_another_class_path_is_not_used(kept_archive, monkeypatch):
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop")
    assert class_archive.fitting() is None


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_an_archive_without_a_readable_stamp_is_not_used(kept_archive, content):
    class_archive.STAMP.write_text(content)
    assert class_archive.fitting() is None


def test_without_an_archive_there_is_none(kept_archive):
    kept_archive.unlink()
    assert class_archive.fitting() is None


def test_setting_up_goes_on_where_the_jvm_makes_none(monkeypatch, capsys):
    def fails():
        raise archive_classes.NoArchiveError("the JVM ended with status 1, expected 0")

    monkeypatch.setattr(archive_classes, "make", fails)
    archive_classes.main()
    said = capsys.readouterr()
    assert said.out == ""
    assert "no archive of classes" in said.err
    assert "status 1" in said.err
