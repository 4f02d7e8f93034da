"""One stream's rows made anew from its events, in their place: what was edited by hand, or waits parked, is mended."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Table

from projections.counting import LEVELS
from projections.following import parking
from projections.following.applying import LIVE, fold, write
from projections.following.leading import OtherVersion, connect
from projections.replaying import Decode, Replay, topics
from projections.view import View


class NotOneOf(Exception):
    """The view has no rows that are of this stream alone."""


def mend(view: View, url: str, decode: Decode, stream: UUID) -> int:
    """Rows of one stream as its events make them, up to where the view is; the number of the events.

    In one transaction, in the follower's order of locks: checkpoint first. Readers see the rows before it, or after.
    Raises NotOneOf, OtherVersion, Unappliable, psycopg.Error.
    """
    wanted = topics(view.by_stream)
    with connect(url, f"mandate mend {view.name}") as connection, connection.transaction():
        held = "SELECT position, version FROM projections.checkpoints WHERE view = %s FOR UPDATE"
        row = connection.execute(held, [view.name]).fetchone()
        if row is None or row[1] != view.version:
            raise OtherVersion(f"the rows of {view.name} are not of version {view.version}: it is to be built anew")
        events = list(Replay(connection, decode, int(row[0])).of_stream(stream, wanted))
        if not events:
            raise NotOneOf(f"{view.name} has no rows that are of {stream} alone, up to position {row[0]}")
        subject = view.subject(events[0])
        groups = _forget(connection, view.tables, subject)
        folded = fold(view, subject, None, events)
        every_group = sorted({*groups, *folded.groups})
        write(view, connection, LIVE, [replace(folded, groups=every_group, since=None)])
        parking.clear(connection, view.name, subject)
    return len(events)


def _forget(connection: psycopg.Connection[Any], tables: Sequence[Table], subject: UUID) -> list[UUID]:
    """Deletes the subject's rows, and returns the groups that it was counted in."""
    groups: list[UUID] = []
    for table in tables:
        of = next((name for name in ("id", "subject") if name in table.c), None)
        if of is None:
            continue
        told = ", ".join(level.own for level in LEVELS if level.own in table.c) or "NULL"
        statement = f"DELETE FROM {table} WHERE {of} = %s RETURNING {told}"  # noqa: S608
        rows = connection.execute(statement.encode(), [subject]).fetchall()
        groups += [group for row in rows for group in row if group is not None]
    return groups
