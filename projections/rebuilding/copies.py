"""The copy of a view's tables that a rebuild fills, and the record of its loaded parts, so that it can be resumed."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from projections.following.leadership import connect
from projections.following.stream_ranges import StreamRange, range_count
from projections.rebuilding.progress import run_cancellable
from projections.tables.view import View

NEXT: Final = "projections_next"
"""The schema of the copies."""
STALE: Final = 0.1
"""Fraction of the log: if more than this was recorded after a copy was begun, it is not resumed."""

AUTOVACUUM: Final = "autovacuum"
"""Stands for autovacuum among lock holders: it cancels itself when another session waits for its lock."""


@dataclass(frozen=True, slots=True)
class Copy:
    """position: of the last event loaded before indexing. parts: the number of stream ranges to load."""

    id: UUID
    position: int
    parts: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of one part. left_out: streams that are not folded at once, since they are too long or parked."""

    events: int
    left_out: Sequence[UUID] = ()


def begin(connection: psycopg.Connection[Any], view: View, position: int, events: int) -> Copy:
    """Creates an empty copy, and drops any other. events: how many are to be loaded."""
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
    """A copy whose loading was interrupted, if this code can resume it, up to this position."""
    row = connection.execute(
        """SELECT id, position, parts FROM projections.copies
           WHERE view = %s AND version = %s AND code = %s AND loading AND position BETWEEN %s AND %s""",
        [view.name, view.version, code(), int(position * (1 - STALE)), position],
    ).fetchone()
    return None if row is None else Copy(*row)


def is_there(connection: psycopg.Connection[Any], view: View) -> bool:
    """Whether there is a copy of the view, interrupted or in progress."""
    return connection.execute("SELECT 1 FROM projections.copies WHERE view = %s", [view.name]).fetchone() is not None


def claim(connection: psycopg.Connection[Any], copy: Copy, part: StreamRange) -> bool:
    """Claims a part for this transaction. Returns False if it is already loaded.

    Raises psycopg.errors.ForeignKeyViolation if the copy was dropped; until the transaction ends, it cannot be.
    """
    insert = "INSERT INTO projections.copy_parts VALUES (%s, %s, 0, '{}') ON CONFLICT DO NOTHING"
    return connection.execute(insert, [copy.id, part.number]).rowcount == 1


def note(connection: psycopg.Connection[Any], copy: Copy, part: StreamRange, found: Loaded) -> None:
    """Records the result of a part, in the transaction that loads it."""
    connection.execute(
        "UPDATE projections.copy_parts SET events = %s, left_out = %s WHERE copy = %s AND part = %s",
        [found.events, list(found.left_out), copy.id, part.number],
    )


def missing(connection: psycopg.Connection[Any], copy: Copy) -> list[StreamRange]:
    """The parts that are not loaded yet."""
    statement = "SELECT part FROM projections.copy_parts WHERE copy = %s"
    there = {row[0] for row in connection.execute(statement, [copy.id])}
    return [StreamRange(number, copy.parts) for number in range(copy.parts) if number not in there]


def so_far(connection: psycopg.Connection[Any], copy: Copy) -> Loaded:
    """The sum of the results of all loaded parts."""
    rows = connection.execute("SELECT events, left_out FROM projections.copy_parts WHERE copy = %s", [copy.id])
    found = rows.fetchall()
    return Loaded(sum(events for events, _ in found), [stream for _, streams in found for stream in streams])


def close(connection: psycopg.Connection[Any], copy: Copy) -> None:
    """Ends the loading: later steps are not recorded, so the copy can no longer be resumed."""
    connection.execute("UPDATE projections.copies SET loading = false WHERE id = %s", [copy.id])


def indexes(connection: psycopg.Connection[Any], view: View) -> list[str]:
    """The names of the indexes of the live tables, the most expensive first."""
    statement = """SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               WHERE x.indrelid = ANY(SELECT format('projections.%%I', name)::regclass FROM unnest(%s::text[]) AS name)
               ORDER BY pg_relation_size(i.oid) DESC, x.indpred IS NOT NULL, x.indnatts DESC, i.relname"""
    return [row[0] for row in connection.execute(statement, [_tables(view)])]


def build_indexes(
    view: View, url: str, connection: psycopg.Connection[Any], jobs: int, look: Callable[[], None]
) -> None:
    """Builds all indexes and keys of the live tables on the copy, and its statistics.

    jobs: parallel sessions. look: called meanwhile; an error of it cancels them.
    Raises psycopg.Error.
    """
    names = indexes(connection, view)
    with ExitStack() as sessions:
        used = [sessions.enter_context(connect(url, f"mandate rebuild {view.name}")) for _ in names[:jobs]]
        run_cancellable(used, lambda session: _build(session, names), look)
    _call(connection, "complete_copy", view)


def _build(session: psycopg.Connection[Any], names: list[str]) -> None:
    """Takes names from the front until none is left."""
    session.execute("SET statement_timeout = 0")
    while True:
        try:
            name = names.pop(0)
        except IndexError:
            return
        session.execute("SELECT projections.build_index(%s)", [name])


def unlike(connection: psycopg.Connection[Any], view: View, *, whole: bool) -> str | None:
    """The first table whose columns, rights or options differ from its copy's; if whole, also its indexes and keys."""
    row = connection.execute("SELECT projections.unlike_its_copy(%s, %s)", [_tables(view), whole]).fetchone()
    return None if row is None else row[0]


def swap(connection: psycopg.Connection[Any], view: View) -> None:
    """Puts the copy in place of the live tables when the transaction commits.

    Raises psycopg.errors.LockNotAvailable, and ObjectNotInPrerequisiteState if a table was changed meanwhile.
    """
    _call(connection, "swap_copy", view)
    _forget(connection, view)


def holders(connection: psycopg.Connection[Any], view: View) -> list[str]:
    """Sessions that hold locks on the live tables, as 'mandate_api (psql, pid 4711)', or AUTOVACUUM."""
    statement = """SELECT DISTINCT coalesce(a.usename || ' (' || coalesce(nullif(a.application_name, ''), 'no name')
                                            || ', pid ' || a.pid || ')', %s)
               FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()
               WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
                 AND l.relation = ANY(SELECT format('projections.%%I', name)::regclass FROM unnest(%s::text[]) AS name)
               ORDER BY 1"""
    return [row[0] for row in connection.execute(statement, [AUTOVACUUM, _tables(view)])]


def clear(connection: psycopg.Connection[Any], view: View) -> None:
    """Drops the copy. Waits for sessions that are still loading a part."""
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
    """A digest of the code that makes rows; `service` is included because it decodes events."""
    digest = sha256()
    for package in ("domain", "projections", "service"):
        for module in sorted((Path(__file__).parents[2] / package).rglob("*.py")):
            digest.update(module.read_bytes())
    return digest.hexdigest()
