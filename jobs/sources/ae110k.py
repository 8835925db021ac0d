"""AE-110k (Xu et al. 2019): title, attribute and value between U+0001; NULL is none.

The file names no product: the title stands for it. HTML entities stay as they are,
since the values are parts of the titles as they stand.
"""

from collections.abc import Iterator
from typing import IO

from jobs.config import SettingsError
from jobs.sources.sets import normalised
from jobs.sources.values import LabelledValue, with_places

_BETWEEN = "\x01"
_NONE = "NULL"


def read_ae110k(path: str, stream: IO[str]) -> Iterator[LabelledValue]:
    """One row a line that is not blank.

    Raises:
        SettingsError: A line has not three fields, or a blank one, with its number.
    """
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.rstrip("\n").split(_BETWEEN)]
        if len(fields) != 3 or not all(fields):
            raise SettingsError(
                f"{path}:{number}: {len(fields)} fields, {fields.count('')} of them"
                " blank, expected title, attribute and value between U+0001"
            )
        title, attribute, value = fields
        values = () if value == _NONE else (value,)
        yield LabelledValue(
            product_id=normalised(title),
            context=title,
            attribute=attribute,
            values=values,
            spans=with_places(title, values),
        )
