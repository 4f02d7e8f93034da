"""Items for tests of the store, in few words."""

from uuid import UUID, uuid4

from domain.catalogue import Event
from domain.number_series import NumberAssigned
from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.event_store.records import StreamVersion
from service.event_store.store import AppendConflict, AppendItem, EventStore, UnrecordedEvent

ACTOR = Actor(
    issuer="https://issuer.example", subject=Subject("ana"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,)
)


def unrecorded(stream: UUID, version: int = 1, event: Event | None = None) -> UnrecordedEvent:
    return UnrecordedEvent(
        stream=stream,
        version=version,
        event=NumberAssigned(subject=stream) if event is None else event,
        actor=ACTOR,
        command=CommandRef(name="Write", id=uuid4(), n=1, of=1),
        correlation=uuid4(),
    )


def item(*places: StreamVersion, reads: tuple[StreamVersion, ...] = ()) -> AppendItem:
    return AppendItem(events=tuple(unrecorded(stream, version) for stream, version in places), reads=reads)


def write(
    store: EventStore, *places: StreamVersion, reads: tuple[StreamVersion, ...] = ()
) -> tuple[Recorded[Event], ...]:
    answer = store.append(item(*places, reads=reads))
    assert not isinstance(answer, AppendConflict), answer
    return answer
