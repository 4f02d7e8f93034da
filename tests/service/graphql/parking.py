"""Parks requests and incidents, as a follower does with an event that it cannot apply."""

from uuid import UUID

import psycopg

from projections.following import parked_events
from projections.views import deployment_requests
from service.settings import DatabaseUrls

NEXT = "SELECT max(notification_id) + 1 FROM event_store.events"
OF_STREAM = "SELECT notification_id FROM event_store.events WHERE originator_id = %s ORDER BY 1"


def park(urls: DatabaseUrls, subject: str, *pending: int, view: str = deployment_requests.NAME) -> str:
    """Parks a subject from the first of these events on, or from the next event that is recorded. Returns where."""
    with psycopg.connect(urls.worker) as connection:
        first = pending[0] if pending else _positions(connection, NEXT)[0]
        connection.execute(
            "INSERT INTO projections.parked_streams VALUES (%s, %s, %s, 'poison', now())", [view, UUID(subject), first]
        )
        for position in pending:
            connection.execute(
                "INSERT INTO projections.parked_events VALUES (%s, %s, %s)", [view, UUID(subject), position]
            )
        parked_events.settle(connection, view)
    return str(first)


def park_whole(urls: DatabaseUrls, subject: str, view: str = deployment_requests.NAME) -> str:
    """Parks a subject from its first event on: the view has no row of it."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute(f"DELETE FROM projections.{view} WHERE id = %s".encode(), [UUID(subject)])
        positions = _positions(connection, OF_STREAM, UUID(subject))
    return park(urls, subject, *positions, view=view)


def _positions(connection: psycopg.Connection[tuple[int]], statement: str, *values: object) -> list[int]:
    return [row[0] for row in connection.execute(statement.encode(), values)]
