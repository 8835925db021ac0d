"""What each run did: the run ledger, and the rows that were refused."""

import datetime as dt
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import lake
from jobs.config import JobSettings, Quarantine
from jobs.lake import Written
from pipelines.tables import QUARANTINE, RUN_LEDGER, Table

UNTOUCHED = "unchanged"


class TooMuchRefusedError(RuntimeError):
    """More of a stage's input was refused than conf allows."""


@dataclass(frozen=True)
class Outcome:
    """What one stage did, in rows; n_in = n_written + n_duplicate + n_quarantined.

    Attributes:
        consumed: Versions of the input tables that the stage has taken in, which the
            next run starts from.
        remark: One line for the ledger and the summary.
    """

    n_in: int = 0
    n_written: int = 0
    n_duplicate: int = 0
    n_quarantined: int = 0
    n_unchanged: int = 0
    n_deleted: int = 0
    n_cut: int = 0
    model_fp: str | None = None
    consumed: Mapping[str, int] = field(default_factory=dict)
    remark: str = ""

    @classmethod
    def of(cls, written: Written, **more: Any) -> "Outcome":
        """The outcome of one write: rows that were there already are duplicates."""
        return cls(
            n_in=written.n_in,
            n_written=written.n_written,
            n_duplicate=written.n_unchanged,
            n_unchanged=written.n_unchanged,
            n_deleted=written.n_deleted,
            **more,
        )

    def with_quarantined(self, n_rows: int) -> "Outcome":
        """The same with rows that were read and refused."""
        return replace(self, n_in=self.n_in + n_rows, n_quarantined=n_rows)

    @property
    def has_work(self) -> bool:
        """Whether the stage found anything to do."""
        return bool(self.n_in or self.n_written or self.n_deleted)


@dataclass(frozen=True)
class Entry:
    """One line of the ledger, for the summary on the screen."""

    stage: str
    status: str
    seconds: float
    outcome: Outcome


def new_run_id(run_date: dt.date) -> str:
    """A name for a run that sorts by date and time and is unique."""
    now = dt.datetime.now(dt.UTC)
    return f"{run_date:%Y%m%d}-{now:%H%M%S}-{uuid.uuid4().hex[:6]}"


def settings_json(settings: JobSettings) -> str:
    """The settings that change a stage's result, as JSON; no folders, no secrets."""
    hidden = {"landing", "lake", "models", "run_date", "spark", "quarantine"}
    return json.dumps(settings.model_dump(mode="json", exclude=hidden), sort_keys=True)


def last(spark: SparkSession, stage: str, root: str) -> Mapping[str, Any] | None:
    """The newest ledger row of a stage that did not fail, or None."""
    rows = lake.read(spark, RUN_LEDGER, root)
    mine = rows.filter((F.col("stage") == stage) & (F.col("status") != "failed"))
    newest = mine.orderBy(F.desc("started_at")).first()
    return None if newest is None else newest.asDict()


def model_of(spark: SparkSession, stage: str, root: str) -> str:
    """Name of the model or tagger that a stage's last good run used, "" if none."""
    row = last(spark, stage, root)
    return str(row["model_fp"]) if row is not None and row["model_fp"] else ""


def quarantine(
    spark: SparkSession, refused: DataFrame, root: str, *, stage: str, run_id: str
) -> int:
    """Write refused rows and give their number; known ones are not written twice.

    Args:
        spark: Session.
        refused: source_file, position, position_unit, item, error_class, message, raw.
        root: The lake.
        stage: Stage that refused them.
        run_id: This run.
    """
    rows = refused.withColumns(
        {
            "stage": F.lit(stage),
            "run_id": F.lit(run_id),
            "raw": F.substring("raw", 1, 1000),
        }
    ).dropDuplicates(list(QUARANTINE.key))
    rows = rows.select(*QUARANTINE.columns)
    lake.replace(spark, rows, QUARANTINE, root, keeps_missing=True)
    return int(refused.count())


def check_share(n_refused: int, n_in: int, limits: Quarantine, *, stage: str) -> None:
    """Fail the stage where more than the set fraction of its rows was refused.

    Raises:
        TooMuchRefusedError: With both numbers and the setting that says otherwise.
    """
    if n_in < limits.min_rows or n_refused <= limits.max_fraction * n_in:
        return
    raise TooMuchRefusedError(
        f"{stage}: {n_refused:,} of {n_in:,} rows refused, more than"
        f" quarantine.max_fraction={limits.max_fraction}; the stage stopped and will"
        " take them again. Look at the input's format or the model, or allow more"
        " with --set."
    )


class Recorder:
    """Records one stage: versions before and after, seconds, counts."""

    def __init__(
        self, spark: SparkSession, settings: JobSettings, table: Table, run_id: str
    ) -> None:
        self._spark = spark
        self._settings = settings
        self._table = table
        self._run_id = run_id
        self._before = lake.version(spark, table, settings.lake)
        self._started_at = dt.datetime.now(dt.UTC)
        self._clock = time.monotonic()

    def done(self, outcome: Outcome) -> Entry:
        """Record a stage that ended well."""
        status = "done" if outcome.has_work else UNTOUCHED
        return self._record(status, outcome, outcome.remark)

    def failed(self, error: BaseException) -> Entry:
        """Record a stage that ended badly, with the first line of its error."""
        lines = str(error).strip().splitlines()
        message = f"{type(error).__name__}: {lines[0] if lines else ''}"[:500]
        return self._record("failed", Outcome(), message)

    def _record(self, status: str, outcome: Outcome, message: str) -> Entry:
        seconds = time.monotonic() - self._clock
        root = self._settings.lake
        after = lake.version(self._spark, self._table, root)
        row = (
            self._run_id,
            self._settings.section,
            self._table.name,
            status,
            self._started_at,
            round(seconds, 3),
            outcome.n_in,
            outcome.n_written,
            outcome.n_duplicate,
            outcome.n_quarantined,
            outcome.n_unchanged,
            outcome.n_deleted,
            outcome.n_cut,
            self._before,
            after,
            outcome.model_fp,
            dict(outcome.consumed),
            settings_json(self._settings),
            message,
        )
        lake.append_rows(self._spark, [row], RUN_LEDGER, root)
        return Entry(self._settings.section, status, seconds, outcome)
