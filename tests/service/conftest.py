"""The store on a fresh database, with the api's rights."""

from collections.abc import Iterator

import pytest

from service.event_store.store import EventStore
from service.settings import DatabaseUrls


@pytest.fixture
def store(database_urls: DatabaseUrls) -> Iterator[EventStore]:
    made = EventStore(database_urls.api)
    yield made
    made.close()
