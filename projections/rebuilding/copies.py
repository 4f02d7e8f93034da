"""A view's copy beside it, and the account of what it holds while it is loaded, so that another can go on with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from projections.following.stream_ranges import StreamRange, range_count
from projections.tables.view import View

NEXT: Final = "projections_next"
"""The schema of copies."""
STALE: Final = 0.1
"""Of the log: where more than that came after a copy, it is no gain to go on with it."""

AUTOVACUUM: Final = "autovacuum"
"""Among those who hold a table: it gives way by itself to who waits for it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """position: of the last event that is loaded into it before it is indexed. parts: that the log is cut into."""

    id: UUID
    position: int
    parts: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one part came to. left_out: streams that are not folded at once, as they are too long or are parked."""

    events: int
    left_out: Sequence[UUID] = ()


def begin(connection: psycopg.Connection[Any], view: View, position: int, events: int) -> Copy:
    """An empty copy, in the place of any other. events: how many are to be loaded."""
    copy = Copy(uuid4(), position, range_count(events))
    with connection.transaction():
        clear(connection, view)
        _call(connection, "begin_copy", view)
        connection.execute(
            """INSERT INTO projections.copies (view, id, version, code, position, parts, loading)
               VALUES (%s, %s, %s, %s, %s, %s, true)""",
            [view.name, copy.id, view.version, code(), copy.position, copy.parts],
        )
    return copy


def unfinished(connection: psycopg.Connection[Any], view: View, position: int) -> Copy | None:
    """The copy that somebody left while it was loaded, where the same code is to go on with it up to this position."""
    row = connection.execute(
        """SELECT id, position, parts FROM projections.copies
           WHERE view = %s AND version = %s AND code = %s AND loading AND position BETWEEN %s AND %s""",
        [view.name, view.version, code(), int(position * (1 - STALE)), position],
    ).fetchone()
    return None if row is None else Copy(*row)


def is_there(connection: psycopg.Connection[Any], view: View) -> bool:
    """Whether somebody left a copy of the view, or fills one."""
    return connection.execute("SELECT 1 FROM projections.copies WHERE view = %s", [view.name]).fetchone() is not None


def claim(connection: psycopg.Connection[Any], copy: Copy, part: StreamRange) -> bool:
    """Whether the part is not loaded yet, and the caller's to load in this transaction.

    Raises psycopg.errors.ForeignKeyViolation where the copy is gone; until the transaction ends, it cannot go.
    """
    claimed = "INSERT INTO projections.copy_parts VALUES (%s, %s, 0, '{}') ON CONFLICT DO NOTHING"
    return connection.execute(claimed, [copy.id, part.number]).rowcount == 1


def note(connection: psycopg.Connection[Any], copy: Copy, part: StreamRange, found: Loaded) -> None:
    """What a part came to, in the transaction that loads it."""
    connection.execute(
        "UPDATE projections.copy_parts SET events = %s, left_out = %s WHERE copy = %s AND part = %s",
        [found.events, list(found.left_out), copy.id, part.number],
    )


def missing(connection: psycopg.Connection[Any], copy: Copy) -> list[StreamRange]:
    """The parts that are still to be loaded."""
    asked = "SELECT part FROM projections.copy_parts WHERE copy = %s"
    there = {row[0] for row in connection.execute(asked, [copy.id])}
    return [StreamRange(number, copy.parts) for number in range(copy.parts) if number not in there]


def so_far(connection: psycopg.Connection[Any], copy: Copy) -> Loaded:
    """What all of its parts came to."""
    rows = connection.execute("SELECT events, left_out FROM projections.copy_parts WHERE copy = %s", [copy.id])
    found = rows.fetchall()
    return Loaded(sum(events for events, _ in found), [stream for _, streams in found for stream in streams])


def close(connection: psycopg.Connection[Any], copy: Copy) -> None:
    """All is loaded, and what comes next is not kept account of: nobody else goes on with it."""
    connection.execute("UPDATE projections.copies SET loading = false WHERE id = %s", [copy.id])


def indexes(connection: psycopg.Connection[Any], view: View) -> list[str]:
    """Those of the served tables, what takes longest first."""
    asked = """SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               WHERE x.indrelid = ANY(SELECT format('projections.%%I', name)::regclass FROM unnest(%s::text[]) AS name)
               ORDER BY pg_relation_size(i.oid) DESC, x.indpred IS NOT NULL, x.indnatts DESC, i.relname"""
    return [row[0] for row in connection.execute(asked, [_tables(view)])]


def build_index(connection: psycopg.Connection[Any], name: str) -> None:
    """That of a served table, on the copy's."""
    connection.execute("SELECT projections.build_index(%s)", [name])


def complete(connection: psycopg.Connection[Any], view: View) -> None:
    """Once every index is there: the primary keys, and the planner's statistics."""
    _call(connection, "complete_copy", view)


def unlike(connection: psycopg.Connection[Any], view: View, *, whole: bool) -> str | None:
    """The first of its tables whose columns, rights or options are not its copy's. whole: nor its indexes and keys."""
    row = connection.execute("SELECT projections.unlike_its_copy(%s, %s)", [_tables(view), whole]).fetchone()
    return None if row is None else row[0]


def swap(connection: psycopg.Connection[Any], view: View) -> None:
    """The copy is what is served, once the transaction is committed.

    Raises psycopg.errors.LockNotAvailable, and ObjectNotInPrerequisiteState where a table was changed meanwhile.
    """
    _call(connection, "swap_copy", view)
    _forget(connection, view)


def holders(connection: psycopg.Connection[Any], view: View) -> list[str]:
    """Who holds on to the served tables now, as 'mandate_api (psql, pid 4711)'; AUTOVACUUM where that does."""
    asked = """SELECT DISTINCT coalesce(a.usename || ' (' || coalesce(nullif(a.application_name, ''), 'no name')
                                            || ', pid ' || a.pid || ')', %s)
               FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()
               WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
                 AND l.relation = ANY(SELECT format('projections.%%I', name)::regclass FROM unnest(%s::text[]) AS name)
               ORDER BY 1"""
    return [row[0] for row in connection.execute(asked, [AUTOVACUUM, _tables(view)])]


def clear(connection: psycopg.Connection[Any], view: View) -> None:
    """Leaves nothing of it. Waits for those who still load a part, and end it or themselves."""
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '60s'")
        _forget(connection, view)
        _call(connection, "drop_copy", view)


def _forget(connection: psycopg.Connection[Any], view: View) -> None:
    connection.execute("DELETE FROM projections.copies WHERE view = %s", [view.name])


def _call(connection: psycopg.Connection[Any], function: str, view: View) -> None:
    connection.execute(f"SELECT projections.{function}(%s)".encode(), [_tables(view)])


def _tables(view: View) -> list[str]:
    return [each.name for each in view.tables]


@cache
def code() -> str:
    """A digest of the code by which rows are made: events are decoded by that of `service`."""
    digest = sha256()
    for package in ("domain", "projections", "service"):
        for module in sorted((Path(__file__).parents[2] / package).rglob("*.py")):
            digest.update(module.read_bytes())
    return digest.hexdigest()
