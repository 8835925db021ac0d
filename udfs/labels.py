"""Labels from the shop's own specifications, and normal forms of values: adapters."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.pandas.types import to_arrow_type

from models.attributes.agreement import agree
from models.attributes.labels import Text, labelled
from models.attributes.normal import normal_value
from models.attributes.specifications import specified, stated

SCHEMA = (
    "product_id string, domain string, category string, attribute string,"
    " source string, source_id string, specified string, value string,"
    " begin int, end int, is_example boolean, context_hash string, context string"
)
_ARROW = pa.schema(
    [
        ("product_id", pa.string()),
        ("domain", pa.string()),
        ("category", pa.string()),
        ("attribute", pa.string()),
        ("source", pa.string()),
        ("source_id", pa.string()),
        ("specified", pa.string()),
        ("value", pa.string()),
        ("begin", pa.int32()),
        ("end", pa.int32()),
        ("is_example", pa.bool_()),
        ("context_hash", pa.string()),
        ("context", pa.string()),
    ]
)
_BRAND = "Brand"
_Read = Callable[[Mapping[str, str]], dict[str, str]]


def attribute_labels(
    *, n_negatives: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `DataFrame.mapInArrow` from products to their labels.

    In: columns of `pipelines.tables.PRODUCTS`, but category as one text; the brand of a
    product counts where its specifications name none. Out: `SCHEMA`, one row per
    (product_id, attribute, source, source_id); a product without texts has none.

    Args:
        n_negatives: As `models.attributes.labels.labelled` takes it.
    """

    def label(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for products in batches:
            rows = [
                row
                for product in products.to_pylist()
                for row in _rows(product, n_negatives)
            ]
            yield pa.RecordBatch.from_pylist(rows, schema=_ARROW)

    return label


def _rows(product: Mapping[str, Any], n_negatives: int) -> Iterator[dict[str, Any]]:
    hashes: dict[str, str] = {}
    known = {
        "product_id": product["product_id"],
        "domain": product["domain"],
        "category": product["category"],
    }
    entries, brand = product["specifications"], product["brand"]
    specifications = _of_shop(entries, brand, specified)
    for one in labelled(list(_texts(product)), specifications, n_negatives=n_negatives):
        context_hash = hashes.get(one.context)
        if context_hash is None:
            context_hash = hashlib.sha256(one.context.encode()).hexdigest()
            hashes[one.context] = context_hash
        begin, end = one.span or (None, None)
        yield {
            **known,
            "attribute": one.attribute,
            "source": one.source,
            "source_id": one.source_id,
            "specified": one.specified,
            "value": one.value,
            "begin": begin,
            "end": end,
            "is_example": one.is_example,
            "context_hash": context_hash,
            "context": one.context,
        }


def _of_shop(entries: Any, brand: str | None, read: _Read) -> dict[str, str]:
    # The brand stands in a column of its own where the shop's table lacks it.
    return read({_BRAND: brand or ""}) | read(dict(entries or ()))


def _texts(product: Mapping[str, Any]) -> Iterator[Text]:
    product_id = product["product_id"]
    if product["title"]:
        yield "title", product_id, product["title"]
    for source, column in (("bullet", "bullets"), ("description", "descriptions")):
        for place, text in enumerate(product[column] or ()):
            if text:
                yield source, f"{product_id}#{place}", text


def stated_values(specifications: str, brand: str) -> Column:
    """A map column of what the shop states, `models.attributes.specifications.stated`.

    Args:
        specifications: Name of a map column; the map may be null.
        brand: Name of a text column, which counts where the map names no brand.
    """
    kind = T.MapType(T.StringType(), T.StringType())
    return _by_row(_stated, kind, specifications, brand)


def _stated(entries: Any, brand: str | None) -> list[tuple[str, str]]:
    return list(_of_shop(entries, brand, stated).items())


def agreeing(found: str, specified: str) -> Column:
    """A column of `models.attributes.agreement.agree`; null where either one is.

    Args:
        found: Name of a text column.
        specified: Name of another.
    """
    return _by_row(_of_known(agree), T.BooleanType(), found, specified)


def normal_values(values: str) -> Column:
    """A column of `models.attributes.normal.normal_value`; null where there is none.

    Args:
        values: Name of a text column.
    """
    return _by_row(_of_known(normal_value), T.StringType(), values)


def _of_known(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same; null where a value is."""
    return lambda *row: None if None in row else function(*row)


def _by_row(function: Callable[..., Any], kind: T.DataType, *names: str) -> Column:
    """A column of what a function says of the values of some columns, row by row."""
    arrow = to_arrow_type(kind)

    def each(*columns: pa.Array) -> pa.Array:
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        return pa.array([function(*row) for row in rows], arrow)

    # Twice in a plan, a deterministic one would be computed twice. The stub wants the
    # kind of UDF too, which the type hints tell.
    column = arrow_udf(each, kind).asNondeterministic()  # type: ignore[call-overload]
    found: Column = column(*names)
    return found
