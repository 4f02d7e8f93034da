"""A store that events go into, and views that are filled from it as the worker fills them."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.projections.world import World


@pytest.fixture
def store(database_urls: DatabaseUrls) -> Iterator[EventStore]:
    with closing(EventStore(database_urls.api)) as made:
        yield made


@pytest.fixture
def world(database_urls: DatabaseUrls, store: EventStore) -> World:
    return World(database_urls, store)
