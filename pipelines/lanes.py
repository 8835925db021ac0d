"""Lanes: a fixed, even split of rows that chunks of any number are ranges of."""

from pyspark.sql import Column
from pyspark.sql import functions as F

LANES = 1 << 16


def lane(hashed: Column) -> Column:
    """Lane of a row in [0, `LANES`), column `lane`.

    Args:
        hashed: A 64-bit hash.
    """
    return F.pmod(hashed, F.lit(LANES)).cast("int").alias("lane")
