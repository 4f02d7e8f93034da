"""The object-centric log of a scope: the events in log order, then each related object once.

Objects are indexed on disk while the events are written, so that memory is bounded.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from domain.recorded_event import Recorded
from service.exchange.exports.ocel import (
    PERSON,
    ObjectHistory,
    RelatedObject,
    Values,
    acts_for,
    object_history,
    related,
    values_of,
    without_evidence,
)
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

OBJECTS_PER_READ: Final = 100
"""Objects per read."""
MAX_RECENT: Final = 10_000
"""Keys in memory that are known to be in the index."""


class OcelSink(Protocol):
    """A writer for one form of OCEL."""

    def event(self, event: VisibleEvent, values: Values, relations: Iterable[tuple[str, str]]) -> None: ...

    def object(self, id: str, type: str, through_time: ObjectHistory) -> None: ...


class ObjectIndex:
    """On-disk index of the objects seen so far, and of the authorities that persons act for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._recent: set[object] = set()
        connection.execute("CREATE TEMP TABLE met (id TEXT UNIQUE, type TEXT, attributes BLOB)")
        connection.execute("CREATE TEMP TABLE acts_for (person TEXT, authority TEXT, PRIMARY KEY (person, authority))")

    def meet(self, object: RelatedObject) -> None:
        if self._is_new(object.id):
            attributes = msgspec.json.encode(object.attributes or {})
            self._connection.execute("INSERT OR IGNORE INTO met VALUES (?, ?, ?)", (object.id, object.type, attributes))

    def link(self, pair: tuple[str, str] | None) -> None:
        if pair is not None and self._is_new(pair):
            self._connection.execute("INSERT OR IGNORE INTO acts_for VALUES (?, ?)", pair)

    def objects(self) -> Iterator[list[tuple[int, str, str, Values]]]:
        """Pages of (number, id, type, attributes), in the order of first occurrence."""
        select = "SELECT rowid, id, type, attributes FROM met WHERE rowid > ? ORDER BY rowid LIMIT ?"
        after = 0
        while rows := self._connection.execute(select, (after, OBJECTS_PER_READ)).fetchall():
            yield [(number, key, kind, msgspec.json.decode(attributes)) for number, key, kind, attributes in rows]
            after = rows[-1][0]

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM met").fetchone()[0])

    def existing(self, links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The links whose target is in the index, without duplicates."""
        select = "SELECT 1 FROM met WHERE id = ?"
        return [link for link in dict.fromkeys(links) if self._connection.execute(select, link[:1]).fetchone()]

    def authorities_of(self, person: str) -> list[str]:
        select = "SELECT authority FROM acts_for WHERE person = ? ORDER BY authority"
        return [row[0] for row in self._connection.execute(select, (person,))]

    def _is_new(self, key: object) -> bool:
        if key in self._recent:
            return False
        if len(self._recent) >= MAX_RECENT:
            self._recent.clear()
        self._recent.add(key)
        return True


def build(log: VisibleLog, sink: OcelSink, index: ObjectIndex) -> None:
    """Writes every event, then every object. Each is half of the reported progress."""
    end = log.scope.end
    for event in log.events(lambda position: log.reached(position // 2)):
        relations = list(related(event))
        for each in relations:
            index.meet(each)
        index.link(acts_for(event.actor))
        sink.event(event, values_of(event), [(each.id, each.qualifier) for each in relations])
    total = max(1, index.count())
    for met in index.objects():
        histories = _histories(log, [UUID(key) for _, key, kind, _ in met if kind != PERSON])
        upcoming = next(histories, None)
        for number, key, kind, attributes in met:
            history: Iterable[Recorded[Any]] = ()
            if upcoming is not None and str(upcoming[0]) == key:
                history = upcoming[1]
            sink.object(key, kind, _object_history(index, key, kind, attributes, history))
            if upcoming is not None and str(upcoming[0]) == key:
                upcoming = next(histories, None)
            log.reached((end + end * number // total) // 2)


def _histories(log: VisibleLog, streams: list[UUID]) -> Iterator[tuple[UUID, Iterator[Recorded[Any]]]]:
    """Lazy (stream, events) pairs in the order of the streams; streams without events are omitted."""
    pages = log.store.pages([(stream, 0) for stream in streams])
    within = (each for page in pages for each in page if each.position <= log.scope.end)
    return groupby(within, attrgetter("stream"))


def _object_history(
    index: ObjectIndex, id: str, type: str, attributes: Values, history: Iterable[Recorded[Any]]
) -> ObjectHistory:
    if type == PERSON:
        return ObjectHistory(attributes, [], [(authority, "acts for") for authority in index.authorities_of(id)])
    through_time = object_history(map(without_evidence, history))
    return replace(through_time, first={**attributes, **through_time.first}, links=index.existing(through_time.links))
