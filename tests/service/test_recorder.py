"""Our recorder passes the test cases that eventsourcing holds its own to."""

from collections.abc import Iterator

import pytest
from eventsourcing.persistence import ApplicationRecorder
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase

from service.event_store import EventStore
from tests.databases import NewDatabase


class _OnAFreshDatabase:
    new_database: NewDatabase

    @pytest.fixture(autouse=True)
    def _databases(self, new_database: NewDatabase) -> Iterator[None]:
        self.new_database = new_database
        self.stores: list[EventStore] = []
        yield
        for store in self.stores:
            store.close()

    def recorder_on_a_fresh_database(self) -> ApplicationRecorder:
        self.stores.append(EventStore(self.new_database().api))
        return self.stores[-1].recorder


class TestRecorder(_OnAFreshDatabase, ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        return self.recorder_on_a_fresh_database()


class TestOrder(_OnAFreshDatabase, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.recorder_on_a_fresh_database()


# Abstract: pytest would collect the library's cases themselves.
del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
