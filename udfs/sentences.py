"""Sentence borders as a column."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import arrow_udf

from models.sentences import punkt

SPAN = T.StructType(
    [T.StructField("begin", T.IntegerType()), T.StructField("end", T.IntegerType())]
)
_SPLITTERS: dict[str, object] = {}


def sentence_spans(path: str, *, max_characters: int) -> Callable[[str], Column]:
    """A column of the sentences' places, array of (begin, end), in order.

    Args:
        path: Punkt's data, a folder or a file, that every worker can read.
        max_characters: Longest sentence.

    Returns:
        Takes the name of a text column; null texts have no sentences.
    """

    def spans(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        splitter = _SPLITTERS.get(path)
        if splitter is None:
            splitter = _SPLITTERS.setdefault(path, punkt.load(path))
        for texts in batches:
            begins: list[int] = []
            ends: list[int] = []
            offsets = [0]
            for text in texts.to_pylist():
                found = punkt.spans(
                    text or "", splitter=splitter, max_characters=max_characters
                )
                begins.extend(begin for begin, _ in found)
                ends.extend(end for _, end in found)
                offsets.append(len(begins))
            places = pa.StructArray.from_arrays(
                [pa.array(begins, pa.int32()), pa.array(ends, pa.int32())],
                names=["begin", "end"],
            )
            yield pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), places)

    # The stub wants the kind of UDF too, which the type hints tell.
    column = arrow_udf(spans, T.ArrayType(SPAN)).asNondeterministic()  # type: ignore[call-overload]
    return lambda text: column(text)
