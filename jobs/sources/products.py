"""Product metadata: Amazon's of 2018 and 2014, and our own columns."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from jobs.sources import rules
from jobs.sources.html import cleaned, table_rows
from udfs.files import Parsed

COLUMNS = pa.schema(
    [
        ("product_id", pa.string()),
        ("category", pa.list_(pa.string())),
        ("title", pa.string()),
        ("brand", pa.string()),
        ("price", pa.float64()),
        ("bullets", pa.list_(pa.string())),
        ("descriptions", pa.list_(pa.string())),
        ("specifications", pa.map_(pa.string(), pa.string())),
    ]
)


def parse(record: Mapping[str, Any], source_file: str) -> Iterator[Parsed]:
    """The product of one record.

    `category` (2018), `categories` (2014, nested) and `feature`, `description` may be
    lists, nested lists or one text. Specifications are gathered from `attributes`,
    `details`, the HTML tables `tech1` and `tech2`, and our own `specifications`.
    """
    product_id = rules.product_id(record)
    yield Parsed(
        "",
        {
            "product_id": product_id,
            "category": _categories(record),
            "title": rules.text(record, "title"),
            "brand": rules.text(record, "brand"),
            "price": rules.price(record.get("price")),
            "bullets": rules.texts(
                "feature", rules.first(record, "feature", "bullets")
            ),
            "descriptions": rules.texts(
                "description", rules.first(record, "description", "descriptions")
            ),
            "specifications": sorted(_specifications(record).items()),
        },
    )


def _categories(record: Mapping[str, Any]) -> list[str]:
    found = rules.structure(rules.first(record, "category", "categories"))
    if isinstance(found, list | tuple) and found and isinstance(found[0], list | tuple):
        found = found[0]  # several paths in the 2014 set: the first one counts
    return rules.texts("category", found)


def _specifications(record: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("tech1", "tech2"):
        table = record.get(name)
        if isinstance(table, str) and table.strip():
            found |= table_rows(table)
    for name in ("details", "attributes", "specifications"):
        value = rules.structure(record.get(name))
        if isinstance(value, str) and value.strip():
            found[name] = cleaned(value)
        elif isinstance(value, list | tuple):
            value = dict(_entries(name, value))
        if isinstance(value, Mapping):
            found |= {cleaned(str(key)): _value(one) for key, one in value.items()}
    kept = {name.strip(" :"): value for name, value in found.items()}
    return {
        rules.unicode("specifications", name): rules.unicode(name, value)
        for name, value in kept.items()
        if name and value
    }


def _entries(name: str, value: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of a map as parquet gives it."""
    for entry in value:
        if not isinstance(entry, list | tuple) or len(entry) != 2:
            raise rules.wrong_type(name, value, "names and values")
        yield entry[0], entry[1]


def _value(value: Any) -> str:
    """A specification's value as text; empty where there is none."""
    if isinstance(value, str):
        return cleaned(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)
