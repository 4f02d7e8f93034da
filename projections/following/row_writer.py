"""Writes events into a view's rows: folds by subject, writes by table, in the transaction of the caller."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import Table

from domain.catalogue import AGGREGATE_OF
from domain.recorded_event import Recorded
from projections.following.fold_cache import FoldCache
from projections.rows.state_items import without_items
from projections.tables.binary_copy import load
from projections.tables.row_documents import encode
from projections.tables.view import Folded, RowUpdate, Values, View

LIVE: Final = "projections"


class UnappliableEvent(Exception):
    """An event that the fold of a view cannot apply. position: of the event; subject: whose later events must wait."""

    def __init__(self, view: str, recorded: Recorded[Any], subject: UUID, reason: object) -> None:
        super().__init__(view, recorded, subject, reason)
        self.position = recorded.position
        self.subject = subject

    def __str__(self) -> str:
        view, recorded, subject, reason = self.args
        name = type(recorded.event).__name__
        return f"{view} cannot apply the event at position {recorded.position}, {name} of {subject}: {reason}"


class InconsistentRows(Exception):
    """The view's rows are not what its events give: it must be rebuilt."""


def apply(
    view: View, connection: psycopg.Connection[Any], schema: str, events: Iterable[Recorded[Any]], states: FoldCache
) -> list[Folded]:
    """Folds events and writes the rows. The caller caches the states in `states` after the commit.

    Raises UnappliableEvent, InconsistentRows, psycopg.Error.
    """
    by_subject: dict[UUID, list[Recorded[Any]]] = {}
    for recorded in events:
        if view.keeps(recorded):
            by_subject.setdefault(view.subject(recorded), []).append(recorded)
    existing = {subject: view.kind(own[0]) for subject, own in by_subject.items() if not _is_first(view, own[0])}
    before = states.load(connection, existing)
    folded = [
        fold(view, subject, before.get(subject), own, begins(connection, own[0])) for subject, own in by_subject.items()
    ]
    write(view, connection, schema, folded)
    return folded


def begins(connection: psycopg.Connection[Any], recorded: Recorded[Any]) -> int:
    """The version at which a stream begins: that of the event if all events before it are voided, else 1."""
    if recorded.version == 1:
        return 1
    statement = """SELECT count(*) FROM event_store.events JOIN event_store.voided_events ON position = notification_id
               WHERE originator_id = %s AND originator_version < %s"""
    row = connection.execute(statement, [recorded.stream, recorded.version]).fetchone()
    return recorded.version if row == (recorded.version - 1,) else 1


def fold(view: View, subject: UUID, state: Any, events: Sequence[Recorded[Any]], begins: int = 1) -> Folded:
    """Folds the events of one subject. Their versions must be consecutive, and follow that of the state.

    begins: the version of the first event if there is no state.
    Raises InconsistentRows if versions are not consecutive, and UnappliableEvent with the first event that fails.
    """
    if AGGREGATE_OF[type(events[0].event)] in view.by_stream:
        version = state.version if state else begins - 1
        if events[0].version != version + 1 or events[-1].version != version + len(events):
            raise InconsistentRows(_gap(view, subject, version, events))
    try:
        return view.fold(state, events)
    except Exception as error:
        raise UnappliableEvent(view.name, _culprit(view, state, events), subject, repr(error)) from error


def write(view: View, connection: psycopg.Connection[Any], schema: str, folded: Sequence[Folded]) -> None:
    """Ends the current rows, adds new ones, stores states, and updates derived rows."""
    for table in view.tables:
        _end(connection, schema, table, folded)
        load(connection, schema, table, [row for each in folded for row in each.rows.get(table, ())])
    for table, rows in memories(view, folded).items():
        _store_states(connection, schema, table, rows)
    for update in (update for each in folded for update in each.updates):
        _update(connection, schema, update)
    if view.derive is not None and folded:
        view.derive(connection, schema, folded)


def memories(view: View, folded: Iterable[Folded]) -> Mapping[Table, Sequence[Values]]:
    """The rows of tables that only hold states."""
    found: dict[Table, list[Values]] = {}
    for each in folded:
        memory = view.memories[each.kind]
        if not memory.versioned:
            state = each.state if memory.items is None else without_items(each.state)
            found.setdefault(memory.table, []).append((each.subject, each.kind, encode(state)))
    return found


def _is_first(view: View, recorded: Recorded[Any]) -> bool:
    return recorded.version == 1 and AGGREGATE_OF[type(recorded.event)] in view.by_stream


def _gap(view: View, subject: UUID, version: int, events: Sequence[Recorded[Any]]) -> str:
    numbered = enumerate(events, start=version)
    before, found = next((before, each.version) for before, each in numbered if each.version != before + 1)
    return f"{view.name} has {subject} at version {before}, and {found} comes next"


def _culprit(view: View, state: Any, events: Sequence[Recorded[Any]]) -> Recorded[Any]:
    for recorded in events:
        try:
            state = view.fold(state, [recorded]).state
        except Exception:  # noqa: BLE001
            return recorded
    return events[-1]


def _end(connection: psycopg.Connection[Any], schema: str, table: Table, folded: Sequence[Folded]) -> None:
    ends = [(each.subject, each.ends[table]) for each in folded if table in each.ends]
    if not ends:
        return
    by = ", ended_by = e.position" if "ended_by" in table.c else ""
    statement = f"""
        UPDATE {schema}.{table.name} t SET valid_until = e.at {by}
        FROM unnest(%s::uuid[], %s::timestamptz[], %s::bigint[]) AS e (id, at, position)
        WHERE t.id = e.id AND t.valid_until = 'infinity'
    """  # noqa: S608
    parameters = (
        [subject for subject, _ in ends],
        [recorded.recorded_at for _, recorded in ends],
        [recorded.position for _, recorded in ends],
    )
    ended = connection.execute(statement.encode(), parameters).rowcount
    if ended != len(ends):
        raise InconsistentRows(
            f"{schema}.{table.name} has current rows of {ended} subjects, and {len(ends)} are expected"
        )


def _store_states(connection: psycopg.Connection[Any], schema: str, table: Table, rows: Sequence[Values]) -> None:
    statement = f"""
        INSERT INTO {schema}.{table.name} (id, kind, document)
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[])
        ON CONFLICT (id) DO UPDATE SET document = excluded.document
    """  # noqa: S608
    connection.execute(statement.encode(), [list(column) for column in zip(*rows, strict=True)])


def _update(connection: psycopg.Connection[Any], schema: str, update: RowUpdate) -> None:
    values = ", ".join(f"{name} = %s" for name in update.values)
    where = " AND ".join(f"{name} = %s" for name in update.where)
    statement = f"UPDATE {schema}.{update.table.name} SET {values} WHERE {where}"  # noqa: S608
    connection.execute(statement.encode(), [*update.values.values(), *update.where.values()])
