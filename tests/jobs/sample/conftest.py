"""The same few hundred products for every test."""

import pytest

from jobs.sample.generate import generate_product
from jobs.sample.records import SampleProduct

SEED = 7


@pytest.fixture(scope="session")
def products() -> list[SampleProduct]:
    return [generate_product(index, SEED) for index in range(400)]
