"""The object-centric log of a scope: its events in their order, then the objects that they relate to, each once.

The objects are noted on disk while the events are told, so that memory stays bounded however many there are.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from domain.recorded import Recorded
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

TOGETHER: Final = 100
"""Objects that are read at a time."""
REMEMBERED: Final = 10_000
"""Objects and links that are known to be noted, without asking the disk."""


class OcelSink(Protocol):
    """One form of the log."""

    def event(self, told: VisibleEvent, values: Values, relations: Iterable[tuple[str, str]]) -> None: ...

    def object(self, id: str, type: str, through_time: ObjectHistory) -> None: ...


class ObjectIndex:
    """What was met so far: objects, and persons with the authorities that they act for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._recent: set[object] = set()
        connection.execute("CREATE TEMP TABLE met (id TEXT UNIQUE, type TEXT, known BLOB)")
        connection.execute("CREATE TEMP TABLE acts_for (person TEXT, authority TEXT, PRIMARY KEY (person, authority))")

    def meet(self, object: RelatedObject) -> None:
        if self._is_new(object.id):
            known = msgspec.json.encode(object.known or {})
            self._connection.execute("INSERT OR IGNORE INTO met VALUES (?, ?, ?)", (object.id, object.type, known))

    def link(self, pair: tuple[str, str] | None) -> None:
        if pair is not None and self._is_new(pair):
            self._connection.execute("INSERT OR IGNORE INTO acts_for VALUES (?, ?)", pair)

    def objects(self) -> Iterator[list[tuple[int, str, str, Values]]]:
        """All of them, in the order in which they were met, some at a time, each with its number."""
        select = "SELECT rowid, id, type, known FROM met WHERE rowid > ? ORDER BY rowid LIMIT ?"
        after = 0
        while rows := self._connection.execute(select, (after, TOGETHER)).fetchall():
            yield [(number, key, kind, msgspec.json.decode(known)) for number, key, kind, known in rows]
            after = rows[-1][0]

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM met").fetchone()[0])

    def known(self, links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the links that lead to an object that was met: a relation to what no event relates to is none."""
        select = "SELECT 1 FROM met WHERE id = ?"
        return [link for link in dict.fromkeys(links) if self._connection.execute(select, link[:1]).fetchone()]

    def authorities_of(self, person: str) -> list[str]:
        select = "SELECT authority FROM acts_for WHERE person = ? ORDER BY authority"
        return [row[0] for row in self._connection.execute(select, (person,))]

    def _is_new(self, key: object) -> bool:
        if key in self._recent:
            return False
        if len(self._recent) >= REMEMBERED:
            self._recent.clear()
        self._recent.add(key)
        return True


def build(teller: VisibleLog, sink: OcelSink, notes: ObjectIndex) -> None:
    """Tells the sink every event, then every object: the progress of each is half of the whole."""
    end = teller.scope.end
    for told in teller.events(lambda position: teller.reached(position // 2)):
        relations = list(related(told))
        for each in relations:
            notes.meet(each)
        notes.link(acts_for(told.actor))
        sink.event(told, values_of(told), [(each.id, each.qualifier) for each in relations])
    total = max(1, notes.count())
    for met in notes.objects():
        histories = _histories(teller, [UUID(key) for _, key, kind, _ in met if kind != PERSON])
        upcoming = next(histories, None)
        for number, key, kind, known in met:
            history: Iterable[Recorded[Any]] = ()
            if upcoming is not None and str(upcoming[0]) == key:
                history = upcoming[1]
            sink.object(key, kind, _course(notes, key, kind, known, history))
            if upcoming is not None and str(upcoming[0]) == key:
                upcoming = next(histories, None)
            teller.reached((end + end * number // total) // 2)


def _histories(teller: VisibleLog, streams: list[UUID]) -> Iterator[tuple[UUID, Iterator[Recorded[Any]]]]:
    """In the order of the streams, without those that have no event. Each is read while it is gone through."""
    pages = teller.store.pages([(stream, 0) for stream in streams])
    within = (each for page in pages for each in page if each.position <= teller.scope.end)
    return groupby(within, attrgetter("stream"))


def _course(notes: ObjectIndex, id: str, type: str, known: Values, history: Iterable[Recorded[Any]]) -> ObjectHistory:
    if type == PERSON:
        return ObjectHistory(known, [], [(authority, "acts for") for authority in notes.authorities_of(id)])
    through_time = object_history(map(without_evidence, history))
    return replace(through_time, first={**known, **through_time.first}, links=notes.known(through_time.links))
