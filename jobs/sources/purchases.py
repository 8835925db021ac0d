"""Recorded purchases: who bought what, when."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from jobs.sources import rules
from udfs.files import Parsed
from udfs.pieces import RefusedError

COLUMNS = pa.schema(
    [
        ("product_id", pa.string()),
        ("user_id", pa.string()),
        ("purchased_at", pa.timestamp("us", tz="UTC")),
    ]
)


def parse(record: Mapping[str, Any], source_file: str) -> Iterator[Parsed]:
    """The purchase of one record."""
    product_id = rules.product_id(record)
    user_id = rules.identifier(record, "reviewerID", "user_id", "userID")
    if user_id is None:
        raise RefusedError("missing_user", "no reviewerID, expected a user id")
    yield Parsed(
        "",
        {
            "product_id": product_id,
            "user_id": user_id,
            "purchased_at": rules.moment(
                record, "unixTime", "purchaseTime", "purchased_at"
            ),
        },
    )
