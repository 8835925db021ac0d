"""Find the aspect nouns (AN-words) of every domain.

Reads   sentences, text_nouns
Writes  aspect_nouns   (a new version; older ones stay)

A list holds for a while: it is built anew where there is none, where a domain has
come that the last build did not see, and after refresh_days.
"""

import datetime as dt

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import lake, ledger
from jobs.config import BuildAspectNouns, TagNouns
from jobs.launch import launch
from jobs.ledger import Outcome
from pipelines.aspects import aspect_nouns, versioned
from pipelines.tables import ASPECT_NOUNS, SENTENCES, TEXT_NOUNS

_BUILT_ON = "built_on_day"
_DOMAIN = "domain "


def run(spark: SparkSession, settings: BuildAspectNouns, run_id: str) -> Outcome:
    """Build the list if it is due."""
    root = settings.lake
    last = ledger.last(spark, settings.section, root)
    sentences_now = {SENTENCES.name: lake.version(spark, SENTENCES, root)}
    known = dict(last["consumed"]) if last is not None else {}
    tagger = ledger.model_of(spark, TagNouns.section, root)
    is_same = (
        last is not None
        and last["settings"] == ledger.settings_json(settings)
        and last["model_fp"] == tagger
    )
    today = settings.run_date.toordinal()
    is_fresh = is_same and today - known.get(_BUILT_ON, 0) < settings.refresh_days
    if is_fresh and known.get(SENTENCES.name) == sentences_now[SENTENCES.name]:
        return Outcome(consumed=known, model_fp=tagger)
    sentences = lake.read(spark, SENTENCES, root)
    seen = {
        f"{_DOMAIN}{row['domain']}": int(row["count"])
        for row in sentences.groupBy("domain").count().collect()
        if row["count"] >= settings.min_count
    }
    if is_fresh and all(name in known for name in seen):
        return Outcome(consumed=known | sentences_now, model_fp=tagger)
    nouns = aspect_nouns(
        sentences,
        lake.read(spark, TEXT_NOUNS, root).filter(F.col("tagger") == tagger),
        min_count=settings.min_count,
        min_ratio=settings.min_ratio,
        epsilon=settings.epsilon,
    ).persist()
    rows = versioned(nouns, built_at=F.lit(dt.datetime.now(dt.UTC)))
    written = lake.replace(spark, rows, ASPECT_NOUNS, root, keeps_missing=True)
    nouns.unpersist()
    return Outcome.of(
        written,
        consumed={**sentences_now, **seen, _BUILT_ON: today},
        model_fp=tagger,
        remark=f"{len(seen)} domains",
    )


if __name__ == "__main__":
    launch(run, BuildAspectNouns, ASPECT_NOUNS)
