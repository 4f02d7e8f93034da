"""A register that the tests of reading over plain HTTP share."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, served
from tests.service.rest.world import World, world


@pytest.fixture(scope="package")
def told(databases: Databases) -> Iterator[World]:
    with databases.fresh() as urls, served(urls) as register:
        yield world(register)


@pytest.fixture
def register(told: World) -> ApiClient:
    return told.register
