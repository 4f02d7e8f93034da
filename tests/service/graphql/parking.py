"""A request or an incident that its view has set aside, as after an event that the view's fold could not apply."""

from uuid import UUID

import psycopg

from projections import deployment_requests
from projections.following import parked_events
from service.settings import DatabaseUrls


def park(urls: DatabaseUrls, subject: str, *waiting: str, view: str = deployment_requests.NAME) -> None:
    """waiting: the positions of events that its rows do not hold. Later ones wait too."""
    with psycopg.connect(urls.worker) as connection:
        connection.execute(
            "INSERT INTO projections.parked_streams VALUES (%s, %s, %s, 'poison', now())",
            [view, UUID(subject), waiting[0] if waiting else 1],
        )
        for position in waiting:
            connection.execute(
                "INSERT INTO projections.parked_events VALUES (%s, %s, %s)", [view, UUID(subject), position]
            )
        parked_events.settle(connection, view)


def park_whole(urls: DatabaseUrls, subject: str, view: str = deployment_requests.NAME) -> None:
    """From its first event on: there are no rows of it."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute(f"DELETE FROM projections.{view} WHERE id = %s".encode(), [UUID(subject)])
        found = connection.execute(
            "SELECT notification_id FROM event_store.events WHERE originator_id = %s ORDER BY 1", [UUID(subject)]
        )
        positions = [str(row[0]) for row in found]
    park(urls, subject, *positions, view=view)
