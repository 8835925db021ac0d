"""What a training says while it works."""

import math

import pytest

from jobs import progress
from models.training import Progress


@pytest.mark.parametrize(
    ("seconds", "metric", "told"),
    [
        (1, 0.5, [5, 10]),  # quick epochs: every fifth
        (20, 0.5, [2, 4, 5, 7, 9, 10, 12]),  # slow ones: nobody waits a minute
        (90, 0.5, list(range(1, 13))),
        (1, math.nan, list(range(1, 13))),  # without a metric: all
    ],
)
def test_no_line_is_long_in_coming_and_quick_epochs_are_not_all_told(
    monkeypatch, seconds, metric, told
):
    now, said = [0.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "say", lambda section, text: said.append(text))
    tell = progress.epochs("train")
    for epoch in range(1, 13):
        now[0] += seconds
        tell(Progress("fit", float(epoch), 0.1, metric, now[0]))
    assert [int(text.split()[2].split(".")[0]) for text in said] == told
