"""What tests of the API may ask for."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, served
from tests.service.graphql.both_ways import both_ways


@pytest.fixture(scope="session")
def register(databases: Databases) -> Iterator[ApiClient]:
    """A register that tests share: each speaks of authorities, regions and requests of its own."""
    with databases.fresh() as urls, served(urls) as register:
        yield register


@pytest.fixture(scope="session", autouse=True)
def _both_ways() -> Iterator[None]:
    with both_ways():
        yield
