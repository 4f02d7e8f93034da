"""Reads the whole event store with the present code, without writing: decodes, upcasts and folds it in every view."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from time import monotonic
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.catalogue import AGGREGATE_OF, EVENTS, VOIDED
from domain.recorded_event import Recorded
from projections.catalogue import VIEWS
from projections.following.leadership import connect
from projections.following.replay import TABLES, TOPIC, Decode, LogReplay, head, topics
from projections.following.row_writer import UnappliableEvent, fold
from projections.tables.view import View

UNKNOWN: Final = f"""
    SELECT e.notification_id, e.topic, e.originator_id FROM {TABLES}
    WHERE e.notification_id <= %s AND {TOPIC} <> ALL(%s) ORDER BY e.notification_id LIMIT 1
"""  # noqa: S608


class UnreadableStore(Exception):
    """The first event that the present code cannot read, or that is missing."""


@dataclass(frozen=True, slots=True)
class StoreCheck:
    events: int
    streams: int
    seconds: float


def check(
    url: str,
    decode: Decode,
    progress: Callable[[int, int], None] = lambda done, total: None,
    views: Sequence[View] = VIEWS,
) -> StoreCheck:
    """progress: called with the events read and the total. Raises UnreadableStore, psycopg.Error."""
    began = monotonic()
    with connect(url, "mandate replay check") as connection:
        connection.execute("SET statement_timeout = 0")
        end = head(connection)
        _check_topics(connection, end)
        replay = LogReplay(connection, _reporting(decode), end)
        done, streams = 0, 0
        try:
            for parts in _streams(replay):
                streams += 1
                for events in _read(parts, views):
                    done += events
                    progress(done, end)
            if done < end:
                raise UnreadableStore(
                    f"{end - done:,} of {end:,} positions hold no event: some were taken out of the store"
                )
            for view in views:
                _fold_in_order(view, replay)
        except UnappliableEvent as error:
            raise UnreadableStore(str(error)) from error
    return StoreCheck(done, streams, monotonic() - began)


def _reporting(decode: Decode) -> Decode:
    def decoded(row: Sequence[Any]) -> Recorded[Any]:
        try:
            return decode(row)
        except Exception as error:
            raise UnreadableStore(
                f"the event at position {row[0]}, {row[3]} of {row[1]}, cannot be read: {error}"
            ) from error

    return decoded


def _check_topics(connection: psycopg.Connection[Any], end: int) -> None:
    """Queries filter events by topic, so they would never return one with an unknown topic."""
    row = connection.execute(UNKNOWN.encode(), [end, [*EVENTS, *VOIDED]]).fetchone()
    if row is not None:
        raise UnreadableStore(f"the event at position {row[0]}, {row[1]} of {row[2]}, has an unknown name")


def _read(parts: Iterable[Sequence[Recorded[Any]]], views: Sequence[View]) -> Iterator[int]:
    """Folds the parts of one stream in every view, and yields the number of events of each part."""
    read = 0
    states: dict[str, Any] = {}
    for events in parts:
        _check_versions(events, read)
        for view in views:
            _fold(view, states, events)
        read += len(events)
        yield len(events)


def _check_versions(events: Sequence[Recorded[Any]], before: int) -> None:
    for version, recorded in enumerate(events, start=before + 1):
        if recorded.version != version:
            place = f"{recorded.version} comes next, at position {recorded.position}"
            raise UnreadableStore(f"{recorded.stream} has no version {version}: {place}")


def _streams(replay: LogReplay) -> Iterator[Iterable[Sequence[Recorded[Any]]]]:
    """Each stream as one part, or in several if it is too long to be in memory at once."""
    wanted = topics(set(AGGREGATE_OF.values()))
    for stream, events, _ in replay.by_stream(wanted):
        yield [events] if events is not None else replay.of_stream(stream, wanted)


def _fold(view: View, states: dict[str, Any], events: Sequence[Recorded[Any]]) -> None:
    """states: the stream's states by view."""
    kept = [recorded for recorded in events if AGGREGATE_OF[type(recorded.event)] in view.by_stream]
    if kept:
        begins = kept[0].version  # versions are checked already, and earlier events that are not kept are voided
        states[view.name] = fold(view, view.subject(kept[0]), states.get(view.name), kept, begins).state


def _fold_in_order(view: View, replay: LogReplay) -> None:
    """Folds what a view folds in the order of the log."""
    states: dict[UUID, Any] = {}
    if not view.by_position:
        return
    for recorded in filter(view.keeps, chain.from_iterable(replay.by_position(topics(view.by_position)))):
        subject = view.subject(recorded)
        states[subject] = fold(view, subject, states.get(subject), [recorded]).state
