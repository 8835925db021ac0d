"""Examples to train on, of a lake's own labels."""

import pytest

from jobs import lake
from jobs.sources.attribute_labels import read_attribute_labels
from pipelines.tables import ATTRIBUTE_LABELS

pytestmark = pytest.mark.spark


def label(product, text, attribute, value=None, *, is_example=True):
    begin = None if value is None else text.index(value)
    end = None if value is None else begin + len(value)
    place = ("bullet", f"{product}#0", "specified", value, begin, end)
    return (product, "d", "c", attribute, *place, is_example, f"h {text}", text)


def test_an_attribute_of_a_text_is_one_example_with_its_value_if_it_has_one(
    spark, lake_root
):
    rows = [
        *(label(product, "a red lid", "color", "red") for product in ("p", "q")),
        label("r", "a red lid", "color"),  # its own is blue
        label("r", "a red lid", "size"),
        label("s", "a lid", "color"),
        label("t", "any lid", "color", is_example=False),
    ]
    labels = spark.createDataFrame(rows, ATTRIBUTE_LABELS.schema)
    lake.replace(spark, labels, ATTRIBUTE_LABELS, lake_root)
    found = read_attribute_labels(spark, lake_root, n_rows=100)
    assert sorted((row.context, row.attribute, row.values) for row in found) == [
        ("a lid", "color", ()),
        ("a red lid", "color", ("red",)),
        ("a red lid", "size", ()),
    ]
    assert [row.spans for row in found if row.values] == [((2, 5),)]
