"""Sessions that hold locks which followers wait for, from PostgreSQL's lock views."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import column, select, text

from projections.reading.queries import Query
from projections.reading.view_status import FOLLOWERS

BLOCKED: Final = """
    WITH RECURSIVE sessions AS (
        SELECT pid, application_name, xact_start FROM pg_catalog.pg_stat_activity WHERE datname = current_database()
    ), tables AS (
        SELECT c.oid, c.relname FROM pg_catalog.pg_class c
        WHERE c.relnamespace = 'projections'::regnamespace AND c.relkind = 'r'
    ), waiting AS (
        SELECT s.application_name AS follower, s.pid, w.waitstart, w.locktype, coalesce(w.relation, row.relation) AS oid
        FROM sessions s JOIN pg_catalog.pg_locks w ON w.pid = s.pid AND NOT w.granted
        LEFT JOIN pg_catalog.pg_locks row ON row.pid = s.pid AND row.granted AND row.locktype = 'tuple'
        WHERE starts_with(s.application_name, :followers)
    ), blocking (follower, waitstart, locktype, oid, pid, depth) AS (
        SELECT follower, waitstart, locktype, oid, unnest(pg_catalog.pg_blocking_pids(pid)), 1 FROM waiting
        UNION
        SELECT follower, waitstart, locktype, oid, unnest(pg_catalog.pg_blocking_pids(pid)), depth + 1
        FROM blocking WHERE depth < 5
    )
    SELECT b.follower, coalesce(t.relname, b.locktype) AS what, b.pid, s.application_name AS session,
           b.waitstart AS since
    FROM blocking b LEFT JOIN tables t USING (oid) LEFT JOIN sessions s ON s.pid = b.pid
    WHERE cardinality(pg_catalog.pg_blocking_pids(b.pid)) = 0
    UNION
    SELECT NULL, t.relname, l.pid, s.application_name, s.xact_start
    FROM pg_catalog.pg_locks l JOIN tables t ON t.oid = l.relation JOIN sessions s ON s.pid = l.pid
    WHERE l.granted AND l.locktype = 'relation' AND NOT starts_with(s.application_name, 'mandate ')
      AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
"""Followers that are waiting, with the sessions at the head of their queue; and sessions whose table lock excludes
writers. A follower whose lock timed out is not waiting until it retries, so the second part is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A lock that keeps followers from writing.

    view: whose follower waits; None if a table lock excludes writers and no follower is waiting.
    what: the table's name, or the lock type. pid, session: its holder. since: when the follower began to wait, or the
    session its transaction, if known.
    """

    view: str | None
    what: str
    pid: int
    session: str
    since: datetime | None

    @property
    def description(self) -> str:
        since = f" since {self.since:%Y-%m-%d %H:%M:%S}Z" if self.since else ""
        holder = f"session '{self.session}' (pid {self.pid})" if self.pid else "a prepared transaction"
        end = f"end it with pg_terminate_backend({self.pid})" if self.pid else "roll it back"
        return f"its follower waits{since} for a lock on {self.what}, which {holder} holds: let it commit, or {end}"


def blocked() -> Query[Blocked]:
    """All locks that followers wait for, and all locks on tables of views that exclude writers."""
    names = ("follower", "what", "pid", "session", "since")
    found = text(BLOCKED).bindparams(followers=f"{FOLLOWERS} ").columns(*map(column, names)).subquery("blocked")
    return Query(select(found), (), _blocked, unrestricted=True)


def _blocked(row: Sequence[Any]) -> Blocked:
    follower, what, pid, session, since = row
    view = None if follower is None else follower.removeprefix(f"{FOLLOWERS} ")
    return Blocked(view=view, what=what, pid=pid, session=session or "without a name", since=since)
