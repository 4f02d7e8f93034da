"""Rebuilds that are asked for, carried out by a worker, cancelled, and told of: what was asked outlives whoever asked.

An order stays until it was carried out or refused: a worker that is killed leaves it to the next, which begins anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import psycopg
from sqlalchemy import select

from projections.checkpoints import REBUILDS, Progress, outcomes
from projections.following.leading import ERROR_LENGTH, connect
from projections.reading.asking import Question

CHANNEL: Final = "mandate_rebuilds"
"""Notified by whoever asks, with the view."""
ASK: Final = "SELECT projections.ask_rebuild(%s)"


class Outcome(StrEnum):
    """How a rebuild ended. But for SWAPPED, what was served is served."""

    SWAPPED = "SWAPPED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The last rebuild of a view by a worker. differing: rows that were not as those served. told: in words."""

    view: str
    version: int
    ended_at: datetime
    outcome: Outcome
    differing: int
    told: str


def ended() -> Question[Ended]:
    """How the last rebuild of each view ended, by view."""
    return Question(
        select(*outcomes.c).order_by(outcomes.c.view),
        (),
        lambda row: Ended(
            view=row[0], version=row[1], ended_at=row[2], outcome=Outcome(row[3]), differing=int(row[4]), told=row[5]
        ),
    )


def tell(connection: psycopg.Connection[Any], view: str, version: int, progress: Progress) -> bool:
    """Says how far a rebuild is, where others can see it. Whether it was cancelled meanwhile."""
    row = connection.execute(
        """INSERT INTO projections.rebuilds AS r (view, version, started_at, updated_at, processed, total, step)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (view) DO UPDATE SET version = excluded.version, started_at = excluded.started_at,
               updated_at = excluded.updated_at, processed = excluded.processed, total = excluded.total,
               step = excluded.step
           RETURNING cancelled""",
        [view, version, progress.started_at, progress.updated_at, progress.processed, progress.total, progress.step],
    ).fetchone()
    return row is not None and bool(row[0])


def ordered(connection: psycopg.Connection[Any]) -> list[str]:
    """The views that are to be built anew, the first asked for first."""
    return [row[0] for row in connection.execute("SELECT view FROM projections.rebuild_orders ORDER BY asked_at, view")]


def settle(
    connection: psycopg.Connection[Any], view: str, version: int, outcome: Outcome, differing: int, told: str
) -> None:
    """The order was carried out, or is not to be tried again; how it ended is told until the next one."""
    with connection.transaction():
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
                  WHERE view = ANY(%s) AND NOT pg_try_advisory_xact_lock(%s, hashtext(view)) RETURNING view"""
        return sorted(waiting | {row[0] for row in connection.execute(told, [list(views), REBUILDS])})
