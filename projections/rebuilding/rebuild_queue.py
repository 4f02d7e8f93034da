"""Requests for rebuilds, carried out by workers: request, cancel, progress, outcome. All of it is in the database.

A request stays until it is carried out or refused: if a worker is killed, the next one resumes it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import psycopg
from sqlalchemy import select

from projections.following.leadership import ERROR_LENGTH, OF_ANOTHER_LOG, REBUILDS_CHANNEL, connect
from projections.reading.queries import Query
from projections.reading.view_status import REBUILDS, ProgressReport
from projections.tables.checkpoints import rebuild_outcomes

CHANNEL: Final = REBUILDS_CHANNEL
REST: Final = timedelta(minutes=1)
"""Time until a postponed rebuild is retried."""
ASK: Final = "SELECT projections.ask_rebuild(%s)"


class RebuildOutcome(StrEnum):
    """How a rebuild ended. Except for SWAPPED, the live rows are unchanged. POSTPONED: it is retried automatically."""

    SWAPPED = "SWAPPED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    POSTPONED = "POSTPONED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildEnd:
    """The last rebuild of a view by a worker. differing: rows that differ from the live ones. summary: a sentence."""

    view: str
    version: int
    ended_at: datetime
    outcome: RebuildOutcome
    differing: int
    summary: str


def ended() -> Query[RebuildEnd]:
    """How the last rebuild of each view ended, by view. An outcome that only newer code has becomes FAILED."""
    return Query(
        select(*rebuild_outcomes.c).order_by(rebuild_outcomes.c.view),
        (),
        lambda row: RebuildEnd(
            view=row[0],
            version=row[1],
            ended_at=row[2],
            outcome=RebuildOutcome.__members__.get(row[3], RebuildOutcome.FAILED),
            differing=int(row[4]),
            summary=row[5],
        ),
        unrestricted=True,
    )


def report_progress(connection: psycopg.Connection[Any], view: str, version: int, progress: ProgressReport) -> bool:
    """Writes the progress of a rebuild. Returns whether it was cancelled meanwhile."""
    row = connection.execute(
        """INSERT INTO projections.rebuilds AS r (view, version, started_at, updated_at, processed, total, step, swaps)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (view) DO UPDATE SET version = excluded.version, started_at = excluded.started_at,
               updated_at = excluded.updated_at, processed = excluded.processed, total = excluded.total,
               step = excluded.step, swaps = excluded.swaps
           RETURNING cancelled""",
        [
            view,
            version,
            progress.started_at,
            progress.updated_at,
            progress.processed,
            progress.total,
            progress.step,
            progress.swaps,
        ],
    ).fetchone()
    return row is not None and bool(row[0])


def due(
    connection: psycopg.Connection[Any], versions: Mapping[str, int], since: datetime, but: Collection[str] = ()
) -> str | None:
    """The next view to rebuild, of those that this code has in these versions; None if none is due.

    Due are views with a request, in the order of requests, and views whose rows are of an older version; never views
    whose rows are of a newer version. A rebuild that ended otherwise than in a swap after `since` is due only on
    request; a postponed one is due again after REST. but: views to ignore.
    """
    row = connection.execute(
        """SELECT v.view FROM unnest(%(views)s::text[], %(versions)s::int[]) AS v (view, version)
               LEFT JOIN projections.checkpoints c
                   ON c.view = v.view AND (c.position > 0 OR c.version = %(another_log)s)
               LEFT JOIN projections.rebuild_orders o ON o.view = v.view
               LEFT JOIN projections.rebuild_outcomes e ON e.view = v.view AND e.version = v.version
           WHERE v.view <> ALL(%(but)s::text[]) AND coalesce(c.version <= v.version, true)
               AND NOT coalesce(e.outcome = 'POSTPONED' AND e.ended_at > clock_timestamp() - %(rest)s, false)
               AND (o.view IS NOT NULL OR c.version < v.version AND NOT coalesce(
                       e.outcome NOT IN ('SWAPPED', 'POSTPONED') AND e.ended_at > %(since)s, false))
           ORDER BY o.asked_at, v.view LIMIT 1""",
        {
            "views": list(versions),
            "versions": list(versions.values()),
            "but": list(but),
            "rest": REST,
            "since": since,
            "another_log": OF_ANOTHER_LOG,
        },
    ).fetchone()
    return None if row is None else str(row[0])


def settle(
    connection: psycopg.Connection[Any], view: str, version: int, outcome: RebuildOutcome, differing: int, summary: str
) -> None:
    """Records how a rebuild ended. Deletes the request, unless it is retried automatically."""
    with connection.transaction():
        if outcome is not RebuildOutcome.POSTPONED:
            connection.execute("DELETE FROM projections.rebuild_orders WHERE view = %s", [view])
        connection.execute(
            """INSERT INTO projections.rebuild_outcomes (view, version, ended_at, outcome, differing, told)
               VALUES (%s, %s, clock_timestamp(), %s, %s, %s)
               ON CONFLICT (view) DO UPDATE SET version = excluded.version, ended_at = excluded.ended_at,
                   outcome = excluded.outcome, differing = excluded.differing, told = excluded.told""",
            [view, version, outcome.value, differing, summary[:ERROR_LENGTH].replace("\x00", "")],
        )


def begin(connection: psycopg.Connection[Any], view: str) -> None:
    """Deletes the progress and the cancellation of a rebuild that was killed."""
    connection.execute("DELETE FROM projections.rebuilds WHERE view = %s", [view])


def cancel(url: str, views: Sequence[str]) -> list[str]:
    """Deletes requests for these views and cancels their running rebuilds. Returns the views affected."""
    with connect(url, "mandate cancel") as connection, connection.transaction():
        delete = "DELETE FROM projections.rebuild_orders WHERE view = ANY(%s) RETURNING view"
        waiting = {row[0] for row in connection.execute(delete, [list(views)])}
        update = """UPDATE projections.rebuilds SET cancelled = true
                    WHERE CASE WHEN view = ANY(%s) THEN NOT pg_try_advisory_xact_lock(%s, hashtext(view)) END
                    RETURNING view"""
        return sorted(waiting | {row[0] for row in connection.execute(update, [list(views), REBUILDS])})
