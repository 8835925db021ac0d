"""When statistics of whole domains are built anew.

They hold for a while: they are built where there are none, where a domain has come
that the last build did not see, and after refresh_days.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from jobs import lake, ledger
from jobs.config import RefreshJob
from pipelines.tables import Table

_BUILT_ON = "built_on_day"
_DOMAIN = "domain "


@dataclass(frozen=True)
class Refresh:
    """Whether a stage's statistics are due.

    Attributes:
        is_due: Whether they are built in this run.
        domains: Those that are due; None: all.
        consumed: What this run takes in, for the ledger: the version of the table
            that is counted, the domains with their rows, the day of the build.
    """

    is_due: bool
    consumed: Mapping[str, int]
    domains: frozenset[str] | None = None

    @property
    def remark(self) -> str:
        """How many domains the build has seen."""
        n_domains = sum(name.startswith(_DOMAIN) for name in self.consumed)
        return f"{n_domains} domains"


def refresh(
    spark: SparkSession,
    settings: RefreshJob,
    table: Table,
    counted: DataFrame,
    *,
    min_rows: int,
    is_by_domain: bool = False,
    model_fp: str | None = None,
) -> Refresh:
    """Whether the stage's statistics are due since its last good run.

    Args:
        spark: Session.
        settings: Of the stage.
        table: Whose changes may bring a new domain.
        counted: Of its rows what is counted, with the column domain; read only where
            the table has changed.
        min_rows: Counted rows that make a domain one to be seen.
        is_by_domain: Whether a domain's statistics are its own alone: a new domain
            then leaves those of the others as they are until their days are over.
        model_fp: Fingerprint of the model in use, if there is one.
    """
    root = settings.lake
    last = ledger.last(spark, settings.section, root)
    now = {table.name: lake.version(spark, table, root)}
    known = dict(last["consumed"]) if last is not None else {}
    is_same = (
        last is not None
        and last["settings"] == ledger.settings_json(settings)
        and last["model_fp"] == model_fp
    )
    today = settings.run_date.toordinal()
    is_fresh = is_same and today - known.get(_BUILT_ON, 0) < settings.refresh_days
    if is_fresh and known.get(table.name) == now[table.name]:
        return Refresh(is_due=False, consumed=known)
    seen = {
        f"{_DOMAIN}{row['domain']}": int(row["count"])
        for row in counted.groupBy("domain").count().collect()
        if row["count"] >= min_rows
    }
    new = [name for name in seen if name not in known]
    if is_fresh and not new:
        return Refresh(is_due=False, consumed=known | now)
    if is_fresh and is_by_domain:
        domains = frozenset(name.removeprefix(_DOMAIN) for name in new)
        return Refresh(is_due=True, consumed={**known, **seen, **now}, domains=domains)
    return Refresh(is_due=True, consumed={**now, **seen, _BUILT_ON: today})
