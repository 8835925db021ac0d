"""Reviews: Amazon's of 2018 (JSON) and 2014 (CSV), and our own columns."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from jobs.sources import rules
from udfs.files import Parsed

COLUMNS = pa.schema(
    [
        ("given_id", pa.string()),
        ("product_id", pa.string()),
        ("user_id", pa.string()),
        ("variant", pa.string()),
        ("rating", pa.float64()),
        ("is_verified", pa.bool_()),
        ("reviewed_at", pa.timestamp("us", tz="UTC")),
        ("summary", pa.string()),
        ("text", pa.string()),
    ]
)


def parse(record: Mapping[str, Any], source_file: str) -> Iterator[Parsed]:
    """The review of one record; `unixReviewTime` counts before `reviewTime`.

    `variant` is what was bought (`style`: size, colour), as JSON in the order of its
    names: one person reviews several variants of a product on one day.
    """
    style = record.get("style")
    yield Parsed(
        "",
        {
            "product_id": rules.product_id(record),
            "given_id": rules.identifier(record, "review_id"),
            "user_id": rules.identifier(record, "reviewerID", "user_id"),
            "variant": json.dumps(style, sort_keys=True) if style else None,
            "rating": rules.rating(record),
            "is_verified": rules.flag(record, "verified", "is_verified"),
            "reviewed_at": rules.moment(
                record, "unixReviewTime", "reviewTime", "reviewed_at"
            ),
            "summary": rules.text(record, "summary"),
            "text": rules.needed_text(record, "reviewText", "text"),
        },
    )
