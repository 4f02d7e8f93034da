"""Rebuilds that are asked for, carried out by a worker, cancelled, and told of: what was asked outlives whoever asked.

An order stays until it was carried out or refused: a worker that is killed leaves it to the next, which goes on.
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
"""Until what was postponed is tried again."""
ASK: Final = "SELECT projections.ask_rebuild(%s)"


class RebuildOutcome(StrEnum):
    """How a rebuild ended. But for SWAPPED, what was served is served. POSTPONED: it is tried again by itself."""

    SWAPPED = "SWAPPED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    POSTPONED = "POSTPONED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildEnd:
    """The last rebuild of a view by a worker. differing: rows that were not as those served. told: in words."""

    view: str
    version: int
    ended_at: datetime
    outcome: RebuildOutcome
    differing: int
    told: str


def ended() -> Query[RebuildEnd]:
    """How the last rebuild of each view ended, by view. An outcome that only newer code knows is a failure."""
    return Query(
        select(*rebuild_outcomes.c).order_by(rebuild_outcomes.c.view),
        (),
        lambda row: RebuildEnd(
            view=row[0],
            version=row[1],
            ended_at=row[2],
            outcome=RebuildOutcome.__members__.get(row[3], RebuildOutcome.FAILED),
            differing=int(row[4]),
            told=row[5],
        ),
    )


def report_progress(connection: psycopg.Connection[Any], view: str, version: int, progress: ProgressReport) -> bool:
    """Says how far a rebuild is, where others can see it. Whether it was cancelled meanwhile."""
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
    """The view that is to be built next, of those that this code has in these versions; None where none is.

    That is one that was asked for, the first asked for first, or whose rows are of an older version. Rows of a newer
    one are for newer code. What was tried since then with another end than a swap is left until it is asked for; what
    was postponed is due again once it has rested. but: views that are not looked at.
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
    connection: psycopg.Connection[Any], view: str, version: int, outcome: RebuildOutcome, differing: int, told: str
) -> None:
    """How it ended is told until the next one. The order goes, unless it is to be tried again by itself."""
    with connection.transaction():
        if outcome is not RebuildOutcome.POSTPONED:
            connection.execute("DELETE FROM projections.rebuild_orders WHERE view = %s", [view])
        connection.execute(
            """INSERT INTO projections.rebuild_outcomes (view, version, ended_at, outcome, differing, told)
               VALUES (%s, %s, clock_timestamp(), %s, %s, %s)
               ON CONFLICT (view) DO UPDATE SET version = excluded.version, ended_at = excluded.ended_at,
                   outcome = excluded.outcome, differing = excluded.differing, told = excluded.told""",
            [view, version, outcome.value, differing, told[:ERROR_LENGTH].replace("\x00", "")],
        )


def begin(connection: psycopg.Connection[Any], view: str) -> None:
    """Forgets what one that was killed had told, and what it was told."""
    connection.execute("DELETE FROM projections.rebuilds WHERE view = %s", [view])


def cancel(url: str, views: Sequence[str]) -> list[str]:
    """Takes back what was asked for, and tells who builds any of these views to stop. Returns those it was told of."""
    with connect(url, "mandate cancel") as connection, connection.transaction():
        asked = "DELETE FROM projections.rebuild_orders WHERE view = ANY(%s) RETURNING view"
        waiting = {row[0] for row in connection.execute(asked, [list(views)])}
        told = """UPDATE projections.rebuilds SET cancelled = true
                  WHERE CASE WHEN view = ANY(%s) THEN NOT pg_try_advisory_xact_lock(%s, hashtext(view)) END
                  RETURNING view"""
        return sorted(waiting | {row[0] for row in connection.execute(told, [list(views), REBUILDS])})
