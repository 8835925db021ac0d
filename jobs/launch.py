"""Turns `run(spark, settings, run_id)` into a command line.

Exit status: 0 done; 1 the run failed, nothing half-written; 2 the call or the
settings are wrong. One line on standard error says what and where.
"""

import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import yaml
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs import config, lake, ledger, session
from jobs.config import JobSettings, LandJob, SettingsError
from jobs.ledger import Entry, Outcome, Recorder
from jobs.progress import say, summary
from models.strict_json import as_json
from pipelines.tables import QUARANTINE, RUN_LEDGER, Table

DONE, FAILED, WRONG = 0, 1, 2


class NotReadyError(RuntimeError):
    """Something that a run needs is not there."""


class Run(Protocol):
    """A job: reads its tables, writes one, says what it did."""

    def __call__(self, spark: SparkSession, settings: Any, run_id: str, /) -> Outcome:
        """Do the work of one stage of one run."""


CONF = click.option(
    "--conf",
    "confs",
    multiple=True,
    metavar="FILE",
    help="YAML over conf/base.yaml; may be repeated, later files win."
    " Default: conf/local.yaml, unless spark-submit started this.",
)
SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="NAME=VALUE",
    help="One setting, such as lake=DIR or rank_answers.top_k=3; may be repeated.",
)
RUN_DATE = click.option(
    "--run-date", metavar="YYYY-MM-DD", help="Date of the run; default: today, UTC."
)


class _NewFile(click.Path):
    """A file that can be written, which is known before the work and not after it."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The path itself."""
        folder = Path(value).parent
        if not Path(value).exists() and not os.access(folder, os.W_OK | os.X_OK):
            self.fail(f"{value}: no folder {folder} that can be written", param, ctx)
        return super().convert(value, param, ctx)


JSON = click.option(
    "--json",
    "out",
    type=_NewFile(dir_okay=False, writable=True),
    metavar="FILE",
    help="Write what is found here too.",
)
MODEL = click.option(
    "--model",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Model folder.",
)
PRINT_CONFIG = click.option(
    "--print-config", is_flag=True, help="Show the resulting settings and stop."
)


def document_of(
    confs: Sequence[str], overrides: Sequence[str], run_date: str | None
) -> dict[str, Any]:
    """The merged settings of a command line."""
    if not confs and "PYSPARK_GATEWAY_PORT" not in os.environ:
        confs = (str(config.CONF / "local.yaml"),)
    if run_date is not None:
        overrides = (*overrides, f"run_date={run_date}")
    return config.read(confs, overrides)


def shown(document: dict[str, Any]) -> str:
    """Settings as YAML."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True)).rstrip()


def stage(
    spark: SparkSession, run: Run, settings: JobSettings, table: Table, run_id: str
) -> Entry:
    """Run one job and record it; an error is recorded, then raised again."""
    name = settings.section
    say(name, "started")
    metadata = {"run_id": run_id, "settings": ledger.settings_json(settings)}
    lake.stamp(spark, json.dumps(metadata))
    recorder = Recorder(spark, settings, table, run_id)
    try:
        outcome = run(spark, settings, run_id)
    except Exception as error:
        recorder.failed(error)
        raise
    entry = recorder.done(outcome)
    remark = f" ({outcome.remark})" if outcome.remark else ""
    rate = outcome.n_in / max(entry.seconds, 1e-9)
    say(
        name,
        f"{entry.status}: {outcome.n_in:,} in, {outcome.n_written:,} written,"
        f" {outcome.n_duplicate:,} duplicate, {outcome.n_quarantined:,} quarantined"
        f" in {entry.seconds:.1f} s, {rate:,.0f} rows/s{remark}",
    )
    return entry


def open_lake(settings: JobSettings) -> SparkSession:
    """The session, with a lake that can be written to.

    Raises:
        SettingsError: The landing zone is not there.
        lake.LakeError: The lake can't be written to.
    """
    if isinstance(settings, LandJob):
        check_landing(settings.landing_folder)
    check_writable(settings.lake)
    spark = session.build(settings.spark)
    try:
        for table in (RUN_LEDGER, QUARANTINE):
            lake.create(spark, table, settings.lake)
    except PySparkException as error:
        raise lake.LakeError(f"{settings.lake}: {reason(error)}") from error
    return spark


def check_landing(folder: str) -> None:
    """Refuse a local landing zone that is not a readable folder."""
    if "://" in folder:
        return
    if not Path(folder).is_dir():
        raise SettingsError(f"landing: {folder} is no folder, expected products/ ...")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SettingsError(f"landing: {folder} can't be read, expected read access")


def check_writable(folder: str) -> None:
    """Refuse a local lake in a place where nothing can be written."""
    if "://" in folder:
        return
    place = Path(folder)
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise lake.LakeError(
            f"lake: {folder} can't be written: no write access to {place}"
        )


def reason(error: BaseException) -> str:
    """The line of an error that says what happened, without the stack."""
    lines = [line.strip(" :") for line in str(error).splitlines()]
    skipped = ("at ", "An error occurred")
    told = [line for line in lines if line and not line.startswith(skipped)]
    return (told[0] if told else type(error).__name__)[:500]


def attempt(work: Callable[[], None]) -> int:
    """Do the work and give the exit status; an error becomes one line."""
    try:
        work()
        return DONE
    except (SettingsError, click.UsageError) as error:
        click.echo(f"error: {error}", err=True)
        return WRONG
    except KeyboardInterrupt:
        click.echo("error: interrupted; what was committed stays", err=True)
        return FAILED
    except Exception as error:  # the edge: one clear line, exit 1
        if os.environ.get("ENRICH_TRACEBACK"):
            raise
        known = type(error).__module__.split(".")[0] in ("jobs", "models", "udfs")
        kind = "" if known else f"{type(error).__name__}: "
        click.echo(
            f"error: {kind}{reason(error)} (ENRICH_TRACEBACK=1 shows where)", err=True
        )
        return FAILED


def keep(out: str | None, content: Mapping[str, Any]) -> None:
    """Write the results of a command to its --json, if it is given."""
    if out is not None:
        Path(out).write_text(as_json(content))


def run_stages(
    stages: Sequence[tuple[Run, JobSettings, Table]], *, title: bool
) -> list[Entry]:
    """Run jobs in order in one session and show what they did."""
    first = stages[0][1]
    started = dt.datetime.now(dt.UTC)
    spark = open_lake(first)
    run_id = ledger.new_run_id(first.run_date)
    say("run", f"{run_id}, lake {first.lake}")
    entries: list[Entry] = []
    try:
        entries.extend(
            stage(spark, run, settings, table, run_id)
            for run, settings, table in stages
        )
    finally:
        if title and entries:
            seconds = (dt.datetime.now(dt.UTC) - started).total_seconds()
            summary(entries, seconds)
    return entries


def command(run: Run, settings_class: type[JobSettings], table: Table) -> click.Command:
    """The command of one job."""

    @click.command(name=settings_class.section, help=_help(run))
    @CONF
    @SET
    @RUN_DATE
    @PRINT_CONFIG
    def job(
        confs: tuple[str, ...],
        overrides: tuple[str, ...],
        run_date: str | None,
        print_config: bool,
    ) -> None:
        def work() -> None:
            document = document_of(confs, overrides, run_date)
            if print_config:
                click.echo(shown(document))
                return
            settings = config.settings_of(settings_class, document)
            run_stages([(run, settings, table)], title=True)

        sys.exit(attempt(work))

    return job


def launch(run: Run, settings_class: type[JobSettings], table: Table) -> None:
    """Be the command of one job, under python or spark-submit."""
    command(run, settings_class, table)()


def _help(run: Run) -> str:
    module = sys.modules[run.__module__]
    return "\b\n" + (module.__doc__ or "").strip()
