"""A store that events go into, and views that are filled from it as the worker fills them."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.databases import Databases
from tests.projections.world import World


@pytest.fixture
def store(database_urls: DatabaseUrls) -> Iterator[EventStore]:
    with closing(EventStore(database_urls.api)) as made:
        yield made


@pytest.fixture
def world(database_urls: DatabaseUrls, store: EventStore) -> World:
    return World(database_urls, store)


@pytest.fixture(scope="module")
def shared_world(databases: Databases) -> Iterator[World]:
    """For a module whose tests only read."""
    with databases.fresh() as urls, closing(EventStore(urls.api)) as store:
        yield World(urls, store)
