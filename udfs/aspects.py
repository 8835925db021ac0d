"""The nouns of a text as a column."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import arrow_udf

from models.aspects.nouns import Nouns, load

NOUNS = T.StructType(
    [
        T.StructField("nouns", T.ArrayType(T.StringType())),
        T.StructField("n_tokens", T.IntegerType()),
        T.StructField("error", T.StringType()),
    ]
)
_NOUNS = pa.struct(
    [
        ("nouns", pa.list_(pa.string())),
        ("n_tokens", pa.int32()),
        ("error", pa.string()),
    ]
)
_TAGGERS: dict[tuple[str, str | None], Callable[[str], Nouns]] = {}


def text_nouns(tagger: str, *, folder: str | None) -> Callable[[str], Column]:
    """A column of (nouns, n_tokens, error); error is null where the text was tagged.

    Args:
        tagger: nltk or textblob.
        folder: The tagger's data, which every worker can read; null for textblob.

    Returns:
        Takes the name of a text column without nulls.
    """

    def nouns(batches: Iterator[pa.Array]) -> Iterator[pa.Array]:
        tag = _TAGGERS.get((tagger, folder))
        if tag is None:
            tag = _TAGGERS.setdefault((tagger, folder), load(tagger, folder))
        for texts in batches:
            yield pa.array([_row(tag, text) for text in texts.to_pylist()], _NOUNS)

    # The stub wants the kind of UDF too, which the type hints tell.
    column = arrow_udf(nouns, NOUNS).asNondeterministic()  # type: ignore[call-overload]
    return lambda text: column(text)


def _row(tag: Callable[[str], Nouns], text: str) -> dict[str, object]:
    try:
        found = tag(text)
    except Exception as error:  # noqa: BLE001 - one text must not stop the others
        message = f"{type(error).__name__}: {error}"
        return {"nouns": None, "n_tokens": None, "error": message}
    return {"nouns": found.lemmas, "n_tokens": found.n_tokens, "error": None}
