"""The words of a text as a column, exactly as the models see them."""

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import arrow_udf

from models.vocabulary import tokenise


def words(text: str) -> Column:
    """Array of the words of a text column; a null text has none."""

    def split(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        for texts in batches:
            lists = [tokenise(text or "") for text in texts.to_pylist()]
            yield pa.array(lists, pa.list_(pa.string()))

    # The stub wants the kind of UDF too, which the type hints tell.
    column = arrow_udf(split, T.ArrayType(T.StringType()))  # type: ignore[call-overload]
    tokens: Column = column(text)
    return tokens
