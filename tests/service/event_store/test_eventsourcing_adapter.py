"""The register's recorder passes the test cases of eventsourcing; its subscriptions yield every event once."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, ProgrammingError, StoredEvent
from eventsourcing.projection import ApplicationSubscription
from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase

from domain.deployment_request.events import ReviewBegun
from domain.vocabulary import Text
from domain.voided_events import NumberingEventVoided
from service.errors import Misconfigured, Unavailable
from service.event_store.batch import PendingItem
from service.event_store.eventsourcing_adapter import Recorder, Register
from service.event_store.records import AppendConflict, AppendItem, EncodedEvent
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.databases import NewDatabase
from tests.service.event_store.appends import unrecorded, write
from tests.waiting import until


class WritableRecorder(Recorder):
    """Appends as the event store does. The cases begin some streams at version 0, which it does not accept."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._store = EventStore(url)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if not stored_events:
            return None
        from_zero = {each.originator_id for each in stored_events if each.originator_version == 0}
        places = [
            (UUID(str(each.originator_id)), each.originator_version + (each.originator_id in from_zero))
            for each in stored_events
        ]
        if len(set(places)) < len(places):
            raise IntegrityError("the same version of a stream twice")
        both = zip(places, stored_events, strict=True)
        encoded = [EncodedEvent(*place, each.topic, each.state, None) for place, each in both]
        outcome = self._store._appender.append(PendingItem(encoded, ()))
        if isinstance(outcome, AppendConflict):
            raise IntegrityError(f"conflicting versions in {outcome.streams}")
        return list(range(outcome.first, outcome.first + len(encoded)))

    def close(self) -> None:
        self._store.close()
        super().close()


class _OnAFreshDatabase:
    INITIAL_VERSION = 1

    @pytest.fixture(autouse=True)
    def _databases(self, new_database: NewDatabase) -> Iterator[None]:
        self.new_database = new_database
        self.recorders: list[Recorder] = []
        yield
        for recorder in self.recorders:
            recorder.close()

    def create_recorder(self) -> ApplicationRecorder:
        self.recorders.append(WritableRecorder(self.new_database().api))
        return self.recorders[-1]


class TestRecorder(_OnAFreshDatabase, ApplicationRecorderTestCase[ApplicationRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestOrder(_OnAFreshDatabase, NonInterleavingNotificationIDsBaseCase):
    pass


# Abstract: pytest would collect the library's cases themselves.
del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with Register({"MANDATE_DATABASE_URL": database_urls.api}) as register:
        yield register


def first(count: int, subscription: ApplicationSubscription[Any]) -> list[Any]:
    """The next events, with their positions as the library tracks them."""
    found: list[Any] = []
    for event, tracking in subscription:
        assert tracking.notification_id == event.position  # type: ignore[attr-defined]
        found.append(event)
        if len(found) == count:
            break
    return found


def test_events_come_as_recorded(store: EventStore, register: Register) -> None:
    stream = uuid4()
    recorded = write(store, (stream, 1), (stream, 2))
    with ApplicationSubscription(register) as subscription:
        assert first(2, subscription) == list(recorded)


def test_a_subscription_waits_for_what_is_recorded_later(store: EventStore, register: Register) -> None:
    write(store, (uuid4(), 1))
    with ApplicationSubscription(register, gt=1) as subscription:
        later = threading.Thread(target=lambda: [write(store, (uuid4(), 1)) for _ in range(20)])
        later.start()
        assert [event.position for event in first(20, subscription)] == list(range(2, 22))
        later.join()


def test_an_append_that_commits_late_is_not_passed_over(
    store: EventStore, register: Register, database_urls: DatabaseUrls
) -> None:
    """Its position is assigned first. What is appended after it waits for its commit, and so does the subscription."""
    call = """SELECT event_store.append('{0}', %s::uuid[], '{1}', '{NumberAssigned}', %s::bytea[], %s::bytea[],
                                        '{}', '{}', '{}')"""
    write(store, (uuid4(), 1))
    state, late = store.rows(0, 1)[0].state, uuid4()
    found: list[Any] = []
    with psycopg.connect(database_urls.api) as holder, ApplicationSubscription(register, gt=1) as subscription:
        holder.execute(call.encode(), [[late], [state], [None]])
        reader = threading.Thread(target=lambda: found.extend(first(2, subscription)))
        other = threading.Thread(target=write, args=(store, (uuid4(), 1)))
        reader.start()
        other.start()
        until(lambda: is_appender_waiting(database_urls.owner))
        assert found == []
        holder.commit()
        reader.join()
        other.join()
    assert [(event.position, event.stream == late) for event in found] == [(2, True), (3, False)]


def is_appender_waiting(url: str) -> bool:
    with psycopg.connect(url) as connection:
        waiting = """SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        return connection.execute(waiting).fetchone() is not None


def test_events_of_these_topics_are_found_behind_any_number_of_bytes(store: EventStore, register: Register) -> None:
    """A read is bounded in bytes: it may return fewer events than asked for, or none of these topics."""
    stream = uuid4()
    for version in range(1, 31):
        event = None if version == 30 else ReviewBegun(reason=Text("x" * 80_000))
        store.append(AppendItem(events=(unrecorded(stream, version, event),)))
    assert [found.id for found in register.recorder.select_notifications(1, 29)] == list(range(1, 30))
    assert [found.id for found in register.recorder.select_notifications(1, 1, topics=["NumberAssigned"])] == [30]
    with ApplicationSubscription(register, topics=["NumberAssigned"]) as subscription:
        assert [event.position for event in first(1, subscription)] == [30]
    with ApplicationSubscription(register) as subscription:
        assert [event.position for event in first(30, subscription)] == list(range(1, 31))


def test_texts_are_decoded_and_voided_events_replaced(
    store: EventStore, register: Register, database_urls: DatabaseUrls
) -> None:
    store.append(AppendItem(events=(unrecorded(uuid4(), 1, ReviewBegun(reason=Text("Two read it."))),)))
    write(store, (uuid4(), 1))
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        columns = ", ".join(("position", "topic", "reason", "voided_by"))
        owner.execute(
            f"INSERT INTO event_store.voided_events ({columns}) VALUES (2, 'NumberingEventVoided', 'unreadable', 'ana')"
        )
    with ApplicationSubscription(register) as subscription:
        read, voided = first(2, subscription)
    assert read.event.reason == Text("Two read it.")
    assert isinstance(voided.event, NumberingEventVoided)


def test_a_subscription_beyond_the_end_of_the_log_is_refused(store: EventStore, register: Register) -> None:
    write(store, (uuid4(), 1))
    with ApplicationSubscription(register, gt=2) as subscription, pytest.raises(Unavailable, match="restored"):
        next(subscription)


def test_the_register_is_written_by_its_commands_only(register: Register) -> None:
    with pytest.raises(ProgrammingError, match="commands"):
        register.recorder.insert_events([])


def test_a_register_without_a_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANDATE_DATABASE_URL", raising=False)
    with pytest.raises(Misconfigured, match="MANDATE_DATABASE_URL"):
        Register({})
