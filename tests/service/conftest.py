"""The store on a fresh database, with the api's rights."""

from collections.abc import Iterator

import pytest

from service.database import DatabaseUrls
from service.event_store import EventStore


@pytest.fixture
def store(database_urls: DatabaseUrls) -> Iterator[EventStore]:
    made = EventStore(database_urls.api)
    yield made
    made.close()
