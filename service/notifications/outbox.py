"""Queues messages: a follower of the log inserts them in the transaction that moves its checkpoint.

So the log is the outbox: nothing is queued twice or missed, whatever process is killed. It is no view: a rebuild would
send everything again.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.catalogue import AGGREGATE_OF
from domain.mail_subscription import events as mail_events
from domain.message_types import CONFIRMATION, EVENT_TYPES
from domain.recorded_event import Recorded
from domain.vocabulary import iso_time
from domain.webhook_endpoint import events as webhook_events
from projections.following.follower import Consumer
from projections.tables.deliveries import NAME
from projections.tables.row_documents import encode
from service.notifications.endpoints import ENDPOINTS, Endpoint, endpoint_in

VERSION: Final = 1
FORGET: Final = "DELETE FROM projections.delivery_endpoints"
KEEP: Final = """
    INSERT INTO projections.delivery_endpoints (id, kind, document) VALUES (%s, %s, %s)
    ON CONFLICT (id) DO UPDATE SET document = excluded.document
"""
QUEUE: Final = """
    INSERT INTO projections.deliveries (endpoint, key, subject, type, position, at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (endpoint, key) DO NOTHING
"""

BEGINNINGS: Final = (webhook_events.WebhookEndpointRegistered, mail_events.MailSubscribed)

log = logging.getLogger(__name__)


def event_key(recorded: Recorded[Any]) -> str:
    """With the time: after a restore, a position may be that of another event."""
    return f"event/{recorded.position}/{iso_time(recorded.recorded_at)}"


def _confirmation(recorded: Recorded[Any]) -> tuple[Any, ...]:
    """About the subscription itself, so that it waits for nothing."""
    return (event_key(recorded), recorded.stream, CONFIRMATION, recorded.position, recorded.recorded_at)


class Outbox:
    """The endpoints at the position of the checkpoint, and what is queued for them."""

    def __init__(self) -> None:
        self._endpoints: dict[UUID, Endpoint] | None = None

    @property
    def consumer(self) -> Consumer:
        """Without rows of its own: of another log, it begins again, and queues again only what was not queued."""
        return Consumer(name=NAME, version=VERSION, apply=self.apply, forget=self.forget, keeps_rows=False)

    def forget(self) -> None:
        self._endpoints = None

    def apply(self, connection: psycopg.Connection[Any], events: Sequence[Recorded[Any]]) -> None:
        if events[0].position == 1:
            connection.execute(FORGET)
            self._endpoints = {}
        endpoints, queued = self._known(connection), list[tuple[Any, ...]]()
        for recorded in events:
            if isinstance(recorded.event, webhook_events.Event | mail_events.Event):
                self._keep(connection, endpoints, recorded)
                if isinstance(recorded.event, mail_events.MailSubscribed):
                    queued.append((recorded.stream, *_confirmation(recorded)))
            elif (type_ := type(recorded.event).__name__) in EVENT_TYPES:
                values = (event_key(recorded), recorded.stream, type_, recorded.position, recorded.recorded_at)
                queued += [(each.id, *values) for each in endpoints.values() if each.wants(type_)]
        if queued:
            with connection.cursor() as cursor:
                cursor.executemany(QUEUE, queued)

    def _known(self, connection: psycopg.Connection[Any]) -> dict[UUID, Endpoint]:
        if self._endpoints is None:
            found = (endpoint_in(kind, document) for kind, document in connection.execute(ENDPOINTS))
            self._endpoints = {each.id: each for each in found}
        return self._endpoints

    def _keep(
        self,
        connection: psycopg.Connection[Any],
        endpoints: dict[UUID, Endpoint],
        recorded: Recorded[Any],
    ) -> None:
        before = endpoints.get(recorded.stream)
        if before is None and not isinstance(recorded.event, BEGINNINGS):
            log.warning("the registration of the endpoint %s is voided: it gets nothing", recorded.stream)
            return
        aggregate = AGGREGATE_OF[type(recorded.event)]
        after = aggregate.evolve(before, recorded)
        endpoints[after.id] = after
        connection.execute(KEEP, [after.id, aggregate.name, encode(after)])
