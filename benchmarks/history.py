"""A seeded history of a register, years of it, written straight into the event store as the appender would have."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks.cast import BEGINNING, DECIDERS, REQUESTERS, SPAN, Cast
from benchmarks.lives import Life, Told, World, life_of_incident, life_of_request
from domain import authority, jurisdiction
from domain.authority import AuthorityRegistered
from domain.catalogue import EVENTS, SCHEMAS, UPCASTERS
from domain.jurisdiction import MandateGranted
from domain.recorded import CommandRef
from domain.vocabulary import Actor, AuthorityCode, Label, Quorum, Role, Subject
from service.event_store.mapper import Mapper
from service.event_store.records import EncodedEvent, StreamVersion, UnrecordedEvent

SEED: Final = 2024
EVENTS_A_REQUEST: Final = 10
"""Of all kinds, those of incidents and numbers included."""
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
    """So many events into an empty store, as its owner, and its statistics brought up to date."""
    random = Cast(seed + 1).random
    mapper = Mapper(EVENTS, SCHEMAS, UPCASTERS, random=random.randbytes)
    source = enumerate(islice(history(events, seed), events), start=1)
    with psycopg.connect(url, autocommit=True) as connection:
        while chunk := list(islice(source, CHUNK)):
            _write(connection, [(place, at, mapper.encode(each, reads)) for place, (at, each, reads) in chunk])
        connection.execute("VACUUM (ANALYZE) event_store.events")
        connection.execute("VACUUM (ANALYZE) event_store.event_texts")


def history(events: int, seed: int = SEED) -> Iterator[Happening]:
    """Events without end in the order of their time, the lives of requests and incidents told side by side, as many to
    the span as are given: wherever it is cut, some are under way."""
    world = World(Cast(seed))
    versions: defaultdict[UUID, int] = defaultdict(int)
    after = BEGINNING
    for at, told in _in_time(world, events // EVENTS_A_REQUEST):
        command_id = world.cast.id()
        after = max(at, after + timedelta(microseconds=1))
        for n, (stream, event) in enumerate(told.written, start=1):
            versions[stream] += 1
            unrecorded = UnrecordedEvent(
                stream=stream,
                version=versions[stream],
                event=event,
                actor=told.actor,
                command=CommandRef(name=told.command, id=command_id, n=n, of=len(told.written)),
                correlation=command_id,
            )
            yield after, unrecorded, told.consulted


def _in_time(world: World, requests: int) -> Iterator[tuple[datetime, Told]]:
    """Every command of every life, the earliest first; lives begin at even distances, so many in the span, and go on
    to begin after it."""
    for told in _foundation():
        yield BEGINNING, told
    tie = count()
    waiting: list[tuple[datetime, int, Told, Life]] = []

    def wait(since: datetime, life: Life) -> None:
        if (told := next(life, None)) is not None:
            heapq.heappush(waiting, (since + told.after, next(tie), told, life))

    for n in count():
        at = BEGINNING + SPAN * (n / requests)
        while waiting and waiting[0][0] <= at:
            then, _, told, life = heapq.heappop(waiting)
            yield then, told
            wait(then, life)
        wait(at, life_of_request(world, at))
        if n % REQUESTS_AN_INCIDENT == 0:
            wait(at, life_of_incident(world, at))


def _foundation() -> Iterator[Told]:
    """The authorities and their mandates."""
    for code in (*DECIDERS, *REQUESTERS):
        registered = AuthorityRegistered(code=code, name=Label(code.title()))
        yield Told(timedelta(), "RegisterAuthority", CLERK, ((authority.stream_of(code), registered),), ())
    for code, region in DECIDERS.items():
        granted: Any = MandateGranted(
            authority=code,
            region=region,
            legal_basis=Label("EXERCISE agreement of 2019"),
            endorsements_required=Quorum(1),
            valid_from=BEGINNING,
        )
        yield Told(timedelta(), "GrantMandate", CLERK, ((jurisdiction.stream_of(region), granted),), ())


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
