"""The ledger and the quarantine."""

import pytest

from jobs import config, lake, ledger
from jobs.config import Quarantine, RankAnswers
from jobs.ledger import Outcome, Recorder, TooMuchRefusedError, check_share
from pipelines.tables import QUARANTINE, REVIEW_ANSWERS, RUN_LEDGER

REFUSED = (
    "source_file string, position bigint, position_unit string, item string,"
    " error_class string, message string, raw string"
)


@pytest.mark.parametrize(
    ("refused", "n_in", "fails"),
    [(50, 100, False), (51, 100, True), (99, 99, False), (0, 0, False)],
)
def test_more_than_the_set_share_fails_a_stage(refused, n_in, fails):
    limits = Quarantine(max_fraction=0.5, min_rows=100)
    if fails:
        with pytest.raises(TooMuchRefusedError, match="51 of 100 rows refused"):
            check_share(refused, n_in, limits, stage="stage")
    else:
        check_share(refused, n_in, limits, stage="stage")


@pytest.mark.spark
def test_a_refused_row_is_kept_once_and_its_text_is_cut(spark, lake_root):
    rows = spark.createDataFrame(
        [("f", 1, "line", "", "wrong_type", "m", "x" * 3000)], REFUSED
    )
    for run_id in ("run1", "run2"):
        n = ledger.quarantine(spark, rows, lake_root, stage="land", run_id=run_id)
        assert n == 1
    (stored,) = lake.read(spark, QUARANTINE, lake_root).collect()
    assert (stored.run_id, stored.stage, len(stored.raw)) == ("run1", "land", 1000)


@pytest.mark.spark
def test_the_ledger_tells_what_a_stage_did(spark, lake_root):
    document = config.read([], [f"lake={lake_root}", "spark.options.secret=hidden"])
    settings = config.settings_of(RankAnswers, document)
    recorder = Recorder(spark, settings, REVIEW_ANSWERS, "run")
    lake.create(spark, REVIEW_ANSWERS, lake_root)
    recorder.done(Outcome(n_in=5, n_written=3, n_duplicate=2, consumed={"qr_pairs": 7}))
    Recorder(spark, settings, REVIEW_ANSWERS, "run2").failed(ValueError("why\nstack"))
    rows = {
        row.run_id: row for row in lake.read(spark, RUN_LEDGER, lake_root).collect()
    }
    good, bad = rows["run"], rows["run2"]
    assert (good.stage, good.table_name, good.status) == (
        "rank_answers",
        "review_answers",
        "done",
    )
    assert (good.n_in, good.n_written, good.n_duplicate) == (5, 3, 2)
    assert (good.version_before, good.version_after) == (-1, 0)
    assert good.consumed == {"qr_pairs": 7}
    assert "top_k" in good.settings
    assert "hidden" not in good.settings
    assert (bad.status, bad.message) == ("failed", "ValueError: why")
    newest = ledger.last(spark, "rank_answers", lake_root)
    assert newest is not None
    assert newest["run_id"] == "run"
