"""Labelled attribute values of every format, with the same columns, in parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from jobs.config import SplitAttributesBy
from jobs.sources.ae110k import read_ae110k
from jobs.sources.attribute_questions import read_attribute_questions
from jobs.sources.attributes_jsonl import read_attributes_jsonl
from jobs.sources.extractgpt import read_extractgpt
from jobs.sources.mave import read_mave
from jobs.sources.sets import in_parts, read_rows
from jobs.sources.values import LabelledValue

Reader = Callable[[str, IO[str]], Iterator[LabelledValue]]

FORMATS: Mapping[str, Reader] = {
    "jsonl": read_attributes_jsonl,
    "ae110k": read_ae110k,
    "extractgpt": read_extractgpt,
    "wdc-pave": read_extractgpt,
    "mave": read_mave,
    "squad": read_attribute_questions,
}


def read(
    paths: Sequence[str], format_name: str, *, where: Sequence[str] = ()
) -> list[LabelledValue]:
    """All rows of the files that `where` keeps, those of the same content once.

    Args:
        paths: Files, gzip or not.
        format_name: One of `FORMATS`.
        where: `column=value` conditions, all of which must hold.

    Raises:
        SettingsError: A file is missing, unreadable, or holds nothing; with its line.
    """
    return read_rows(
        paths,
        format_name,
        FORMATS,
        where=where,
        kind=LabelledValue,
        noun="labelled value",
    )


def split(
    rows: Sequence[LabelledValue],
    *,
    shares: Sequence[float],
    seed: int,
    by: SplitAttributesBy,
) -> list[list[LabelledValue]]:
    """The rows in parts by a hash of the seed and what they are split by.

    Args:
        rows: Labelled values.
        shares: Share of each part but the last, which gets the rest; sum at most 1.
        seed: Another seed, another split.
        by: product: all attributes of a product in one part. triple: as AE-pub was
            published, the same title then stands in several parts.
    """
    keys: Mapping[SplitAttributesBy, Callable[[LabelledValue], str]] = {
        "product": lambda row: row.product_id,
        "triple": lambda row: "\x1f".join((row.product_id, row.attribute, *row.values)),
    }
    return in_parts(rows, keys[by], shares=shares, seed=seed)
