"""Questions with passages of every format, with the same columns, in parts."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from jobs.config import SettingsError
from jobs.sources import judged_passages
from jobs.sources.amazon_qa import read_amazon_qa
from jobs.sources.mrqa import read_mrqa
from jobs.sources.natural_questions import read_natural_questions
from jobs.sources.passages import AskedQuestion, LeftOut
from jobs.sources.passages_jsonl import read_passages_jsonl
from jobs.sources.qed import read_qed
from jobs.sources.sets import having, in_parts, read_file
from jobs.sources.squad import read_squad

Reader = Callable[[str, IO[str]], Iterator[AskedQuestion | LeftOut]]

FORMATS: Mapping[str, Reader] = {
    "jsonl": read_passages_jsonl,
    "squad": read_squad,
    "qed": read_qed,
    "natural-questions": read_natural_questions,
    "mrqa": read_mrqa,
    "amazon-qa": read_amazon_qa,
    **{name: judged_passages.reader(name) for name in judged_passages.NAMES},
}


@dataclass(frozen=True)
class Reading:
    """What was read of files: `n_read` = rows + `n_duplicate` + all `left_out`.

    Attributes:
        rows: Of distinct content.
        n_read: Rows of the files, one a question of a product or a paragraph.
        n_duplicate: Rows with the content of another.
        left_out: Reason to number of rows.
    """

    rows: list[AskedQuestion]
    n_read: int
    n_duplicate: int
    left_out: Mapping[str, int]

    def counts(self) -> dict[str, Any]:
        """The numbers, as results keep them."""
        return {
            "n_read": self.n_read,
            "n_duplicate": self.n_duplicate,
            "n_left_out": dict(self.left_out),
        }

    def told(self) -> str:
        """The numbers in words."""
        parts = [f"{len(self.rows):,} used", f"{self.n_duplicate:,} a second time"]
        parts += [f"{n:,} left out: {reason}" for reason, n in self.left_out.items()]
        return f"{self.n_read:,} questions read: {', '.join(parts)}"


def reading(
    paths: Sequence[str], format_name: str, *, where: Sequence[str] = ()
) -> Reading:
    """The rows of the files that `where` keeps, and what became of the others.

    Args:
        paths: Files, gzip or not.
        format_name: One of `FORMATS`.
        where: `column=value` conditions, all of which must hold.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    found = [one for path in paths for one in read_file(path, FORMATS[format_name])]
    rows = [one for one in found if isinstance(one, AskedQuestion)]
    left_out = Counter(one.reason for one in found if isinstance(one, LeftOut))
    kept = having(rows, where, AskedQuestion)
    if len(kept) < len(rows):
        left_out["--where"] = len(rows) - len(kept)
    distinct = list(dict.fromkeys(kept))
    result = Reading(distinct, len(found), len(kept) - len(distinct), left_out)
    if not distinct:
        raise SettingsError(
            f"{', '.join(paths)}: no question, expected {format_name} rows with an"
            f" answer ({result.told()})"
        )
    return result


def read(
    paths: Sequence[str], format_name: str, *, where: Sequence[str] = ()
) -> list[AskedQuestion]:
    """The rows of `reading`."""
    return reading(paths, format_name, where=where).rows


def labels_of(
    paths: Sequence[str], format_name: str, where: Sequence[str]
) -> dict[str, Any]:
    """Where labels are from, and what counted as right, as results keep it."""
    rule = judged_passages.rule_of(format_name)
    return {
        "labelled": list(paths),
        "format": format_name,
        "where": list(where),
        **({} if rule is None else {"label_rule": rule}),
    }


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
