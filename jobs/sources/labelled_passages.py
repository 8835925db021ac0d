"""Questions with passages of every format, with the same columns, in parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from jobs.sources import judged_passages
from jobs.sources.amazon_qa import read_amazon_qa
from jobs.sources.mrqa import read_mrqa
from jobs.sources.natural_questions import read_natural_questions
from jobs.sources.passages import AskedQuestion
from jobs.sources.passages_jsonl import read_passages_jsonl
from jobs.sources.qed import read_qed
from jobs.sources.sets import in_parts, read_rows
from jobs.sources.squad import read_squad

Reader = Callable[[str, IO[str]], Iterator[AskedQuestion]]

FORMATS: Mapping[str, Reader] = {
    "jsonl": read_passages_jsonl,
    "squad": read_squad,
    "qed": read_qed,
    "natural-questions": read_natural_questions,
    "mrqa": read_mrqa,
    "amazon-qa": read_amazon_qa,
    **{name: judged_passages.reader(name) for name in judged_passages.NAMES},
}


def read(
    paths: Sequence[str], format_name: str, *, where: Sequence[str] = ()
) -> list[AskedQuestion]:
    """All rows of the files that `where` keeps, those of the same content once.

    Args:
        paths: Files, gzip or not.
        format_name: One of `FORMATS`.
        where: `column=value` conditions, all of which must hold.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    return read_rows(
        paths, format_name, FORMATS, where=where, kind=AskedQuestion, noun="question"
    )


def split(
    rows: Sequence[AskedQuestion], *, shares: Sequence[float], seed: int
) -> list[list[AskedQuestion]]:
    """The rows in parts by a hash of the seed and their group.

    Args:
        rows: Questions with passages.
        shares: Share of each part but the last, which gets the rest; sum at most 1.
        seed: Another seed, another split.
    """
    return in_parts(rows, lambda row: row.group, shares=shares, seed=seed)
