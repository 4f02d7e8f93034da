"""Replaces one stream's rows in place with those that its events give, if they were edited or the stream is parked."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg

from projections.following import parked_events
from projections.following.leadership import OtherVersion, connect
from projections.following.replay import Decode, LogReplay, topics
from projections.following.row_writer import LIVE, begins, fold, write
from projections.reading.queries import BEFORE_ALL
from projections.tables.view import Folded, View


class NoRowsOfStream(Exception):
    """The view has no rows that belong to this stream alone."""


def repair(view: View, url: str, decode: Decode, stream: UUID) -> int:
    """Refolds one stream up to the view's position. Returns the number of its events.

    Runs in one transaction, in the follower's lock order: checkpoint first. Readers see the old or the new rows.
    Raises NoRowsOfStream, OtherVersion, InconsistentRows, UnappliableEvent, psycopg.Error, errors of decode.
    """
    wanted = topics(view.by_stream)
    with connect(url, f"mandate mend {view.name}") as connection, connection.transaction():
        held = "SELECT position, version FROM projections.checkpoints WHERE view = %s FOR UPDATE"
        row = connection.execute(held, [view.name]).fetchone()
        if row is None or row[1] != view.version:
            raise OtherVersion(f"the rows of {view.name} are not of version {view.version}: rebuild the view")
        connection.execute("SET LOCAL statement_timeout = 0")
        done, state, groups = 0, None, set[UUID]()
        folded: Folded | None = None
        for events in LogReplay(connection, decode, int(row[0])).of_stream(stream, wanted):
            if not done:
                groups |= _forget(connection, view, stream)
            folded = fold(view, stream, state, events, begins(connection, events[0]))
            groups.update(folded.groups)
            write(replace(view, derive=None), connection, LIVE, [folded])
            done, state = done + len(events), folded.state
        if not done:
            raise NoRowsOfStream(f"{view.name} has no rows of {stream} alone, up to position {row[0]}")
        if view.derive is not None and folded is not None:
            # from the very beginning: counts before the stream's first event may have been edited too
            view.derive(connection, LIVE, [replace(folded, groups=sorted(groups), since=BEFORE_ALL)])
        parked_events.clear(connection, view.name, stream)
    return done


def _forget(connection: psycopg.Connection[Any], view: View, subject: UUID) -> set[UUID]:
    """Deletes the subject's rows, and returns the groups that it was counted in."""
    groups: set[UUID] = set()
    for table in view.tables:
        of = next((name for name in ("id", "subject") if name in table.c), None)
        if of is None:
            continue
        ids = ", ".join(name for name in view.group_columns if name in table.c) or "NULL"
        statement = f"DELETE FROM {table} WHERE {of} = %s RETURNING {ids}"  # noqa: S608
        rows = connection.execute(statement.encode(), [subject]).fetchall()
        groups.update(group for row in rows for group in row if group is not None)
    return groups
