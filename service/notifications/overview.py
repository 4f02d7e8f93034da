"""What operators see of each endpoint: its state, what waits for it, and how it went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.webhook_endpoint.state import WebhookEndpoint
from service.notifications.endpoints import endpoint_in

OVERVIEW: Final = """
    SELECT e.kind, e.document, d.pending, d.dead, d.delivered_at, f.outcome
    FROM projections.delivery_endpoints e
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE d.state = 'PENDING') AS pending, count(*) FILTER (WHERE d.state = 'DEAD') AS dead,
            max(d.ended_at) FILTER (WHERE d.state = 'DELIVERED') AS delivered_at
        FROM projections.deliveries d WHERE d.endpoint = e.id
    ) AS d
    LEFT JOIN LATERAL (
        SELECT f.outcome FROM projections.deliveries f
        WHERE f.endpoint = e.id AND f.state IN ('PENDING', 'DEAD') AND f.attempts > 0 ORDER BY f.id DESC LIMIT 1
    ) AS f ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOverview:
    """name: of a webhook endpoint, or a mail address. delivered_at: the last time that a message was. failure: what the
    last attempt for a message met that is still open; None if none has failed."""

    id: UUID
    channel: str
    authority: str
    name: str
    status: str
    since: datetime
    pending: int
    dead: int
    delivered_at: datetime | None
    failure: str | None


def overview(connection: psycopg.Connection[Any]) -> list[EndpointOverview]:
    """Of all endpoints, as the follower knows them, by authority and name."""
    found = [_of(*row) for row in connection.execute(OVERVIEW)]
    return sorted(found, key=lambda each: (each.authority, each.channel, each.name, each.id))


def _of(
    kind: str, document: Any, pending: int, dead: int, delivered_at: datetime | None, failure: str | None
) -> EndpointOverview:
    endpoint = endpoint_in(kind, document)
    return EndpointOverview(
        id=endpoint.id,
        channel="webhook" if isinstance(endpoint, WebhookEndpoint) else "mail",
        authority=endpoint.authority,
        name=endpoint.name,
        status=endpoint.status.value,
        since=endpoint.status_since,
        pending=pending,
        dead=dead,
        delivered_at=delivered_at,
        failure=failure,
    )
