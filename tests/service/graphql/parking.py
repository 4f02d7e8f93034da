"""A request that its view has set aside, as after an event that the view's fold could not apply."""

from uuid import UUID

import psycopg

from projections import deployment_requests
from projections.following import parking
from service.database import DatabaseUrls


def park(urls: DatabaseUrls, request: str, *waiting: str) -> None:
    """waiting: the positions of events that its rows do not hold. Later ones wait too."""
    with psycopg.connect(urls.worker) as connection:
        connection.execute(
            "INSERT INTO projections.parked_streams VALUES (%s, %s, 1, 'poison', now())",
            [deployment_requests.NAME, UUID(request)],
        )
        for position in waiting:
            connection.execute(
                "INSERT INTO projections.parked_events VALUES (%s, %s, %s)",
                [deployment_requests.NAME, UUID(request), position],
            )
        parking.settle(connection, deployment_requests.NAME)
