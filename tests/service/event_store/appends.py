"""Items for tests of the store, in few words."""

from uuid import UUID, uuid4

from domain.number_series import NumberAssigned
from domain.recorded_event import CommandRef
from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.event_store.records import StreamVersion
from service.event_store.store import Appended, AppendItem, EventStore, UnrecordedEvent

ACTOR = Actor(
    issuer="https://issuer.example", subject=Subject("ana"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,)
)


def unrecorded(stream: UUID, version: int = 1, event: object = None) -> UnrecordedEvent:
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


def write(store: EventStore, *places: StreamVersion, reads: tuple[StreamVersion, ...] = ()) -> Appended:
    answer = store.append(item(*places, reads=reads))
    assert isinstance(answer, Appended), answer
    return answer
