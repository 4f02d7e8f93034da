"""A seeded history of several years, written directly into the event store in the appender's format."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks.generated_lifecycles import Life, RecordedCommand, World, life_of_incident, life_of_request
from benchmarks.random_actors import BEGINNING, COURT, DECIDERS, REQUESTERS, SPAN, Cast
from domain import authority, jurisdiction
from domain.authority import AuditingSet, AuthorityRegistered
from domain.catalogue import EVENTS, SCHEMAS, UPCASTERS
from domain.jurisdiction import MandateGranted
from domain.recorded_event import CommandRef
from domain.vocabulary import Actor, AuthorityCode, Label, Quorum, Role, Subject, Text
from service.event_store.mapper import Mapper
from service.event_store.records import EncodedEvent, StreamVersion, UnrecordedEvent

SEED: Final = 2024
EVENTS_A_REQUEST: Final = 10
"""Events per request, including those of incidents and numbers."""
REQUESTS_AN_INCIDENT: Final = 6
CHUNK: Final = 20_000
EVENTS_INTO: Final = (
    "COPY event_store.events (originator_id, originator_version, topic, state, notification_id, recorded_at) "
    "FROM STDIN (FORMAT BINARY)"
)
TEXTS_INTO: Final = "COPY event_store.event_texts (position, texts) FROM STDIN (FORMAT BINARY)"
CLERK: Final = Actor(
    issuer="mandate", subject=Subject("clerk"), authority=AuthorityCode("desk"), roles=(Role.ADMINISTRATOR,)
)

Happening = tuple[datetime, UnrecordedEvent, tuple[StreamVersion, ...]]


def fill(url: str, events: int, seed: int = SEED) -> None:
    """Fills an empty store with `events` events, as its owner, and updates the table statistics."""
    random = Cast(seed + 1).random
    mapper = Mapper(EVENTS, SCHEMAS, UPCASTERS, random=random.randbytes)
    source = enumerate(islice(history(events, seed), events), start=1)
    with psycopg.connect(url, autocommit=True) as connection:
        while chunk := list(islice(source, CHUNK)):
            _write(connection, [(place, at, mapper.encode(each, reads)) for place, (at, each, reads) in chunk])
        connection.execute("VACUUM (ANALYZE) event_store.events")
        connection.execute("VACUUM (ANALYZE) event_store.event_texts")


def history(events: int, seed: int = SEED) -> Iterator[Happening]:
    """Infinite events in order of time, from interleaved lives of requests and incidents.

    events: number of events in the time span. Wherever the history is cut, some lives are incomplete.
    """
    world = World(Cast(seed))
    versions: defaultdict[UUID, int] = defaultdict(int)
    after = BEGINNING
    for at, command in _in_time(world, events // EVENTS_A_REQUEST):
        command_id = world.cast.id()
        after = max(at, after + timedelta(microseconds=1))
        for n, (stream, event) in enumerate(command.written, start=1):
            versions[stream] += 1
            unrecorded = UnrecordedEvent(
                stream=stream,
                version=versions[stream],
                event=event,
                actor=command.actor,
                command=CommandRef(name=command.command, id=command_id, n=n, of=len(command.written)),
                correlation=command_id,
            )
            yield after, unrecorded, command.consulted


def _in_time(world: World, requests: int) -> Iterator[tuple[datetime, RecordedCommand]]:
    """(time, command) of all lives, earliest first.

    requests: number of lives that begin in the time span, at even intervals; more begin after it.
    """
    for command in _foundation():
        yield BEGINNING, command
    tie = count()
    waiting: list[tuple[datetime, int, RecordedCommand, Life]] = []

    def wait(since: datetime, life: Life) -> None:
        if (command := next(life, None)) is not None:
            heapq.heappush(waiting, (since + command.after, next(tie), command, life))

    for n in count():
        at = BEGINNING + SPAN * (n / requests)
        while waiting and waiting[0][0] <= at:
            then, _, command, life = heapq.heappop(waiting)
            yield then, command
            wait(then, life)
        wait(at, life_of_request(world, at))
        if n % REQUESTS_AN_INCIDENT == 0:
            wait(at, life_of_incident(world, at))


def _foundation() -> Iterator[RecordedCommand]:
    """The authorities and their mandates."""
    for code in (*DECIDERS, *REQUESTERS, COURT):
        registered = AuthorityRegistered(code=code, name=Label(code.title()))
        yield RecordedCommand(timedelta(), "RegisterAuthority", CLERK, ((authority.stream_of(code), registered),), ())
    auditing: Any = AuditingSet(code=COURT, audits_everything=True, reason=Text("EXERCISE: it audits."))
    yield RecordedCommand(timedelta(), "SetAuditingAuthority", CLERK, ((authority.stream_of(COURT), auditing),), ())
    for code, region in DECIDERS.items():
        granted: Any = MandateGranted(
            authority=code,
            region=region,
            legal_basis=Label("EXERCISE agreement of 2019"),
            endorsements_required=Quorum(1),
            valid_from=BEGINNING,
        )
        yield RecordedCommand(timedelta(), "GrantMandate", CLERK, ((jurisdiction.stream_of(region), granted),), ())


def _write(connection: psycopg.Connection[Any], chunk: Iterable[tuple[int, datetime, EncodedEvent]]) -> None:
    rows = list(chunk)
    with connection.transaction():
        cursor = connection.cursor()
        with cursor.copy(EVENTS_INTO) as copy:
            copy.set_types(["uuid", "int8", "text", "bytea", "int8", "timestamptz"])
            for position, at, event in rows:
                copy.write_row((event.stream, event.version, event.topic, event.state, position, at))
        with cursor.copy(TEXTS_INTO) as copy:
            copy.set_types(["int8", "bytea"])
            for position, _, event in rows:
                if event.texts is not None:
                    copy.write_row((position, event.texts))
