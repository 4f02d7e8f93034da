"""Composition of the parts of subscriptions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from projections.reading.reader import Reader
from projections.views.authorities import standing_of
from service.access.blocked_persons import BlockedPersons
from service.event_store.append_listener import append_listener
from service.graphql.subscriptions.feed import VIEWS, EventFeed, head_of
from service.graphql.subscriptions.inbox_feed import InboxFeed
from service.graphql.subscriptions.lifetime import SubscriptionServices
from service.graphql.subscriptions.limits import Lobby, Slots, SubscriptionLimits
from service.graphql.subscriptions.watermark import LowWatermark
from service.processes.composition import Clock, reading_connections
from service.settings import Settings

POOL_TIMEOUT: Final = 60.0
"""Seconds that a subscription waits for a connection."""


@asynccontextmanager
async def open_subscriptions(
    settings: Settings, url: str, clock: Clock, blocked: BlockedPersons
) -> AsyncIterator[SubscriptionServices]:
    """The parts of subscriptions. They have a separate connection pool, so that queries never wait for them."""
    connections = reading_connections(settings, url, settings.subscription_pool_size, POOL_TIMEOUT)
    try:
        reader = Reader(
            connections, standing_of, patience=settings.view_timeout, answer_limit=POOL_TIMEOUT, clock=clock
        )
        listen = append_listener(url, settings.connect_timeout)
        watermark = LowWatermark(listen, partial(reader.reached, VIEWS), partial(head_of, reader))
        slots = Slots("subscriptions", settings.subscriptions, settings.subscriptions_per_person)
        limits = SubscriptionLimits(
            operations=settings.operations_per_socket,
            send_timeout=settings.send_timeout,
            connection_init_timeout=settings.connection_init_timeout,
            origins=settings.allowed_origins,
        )
        yield SubscriptionServices(
            EventFeed(reader, watermark, slots, clock),
            InboxFeed(reader, watermark, slots, clock, blocked.is_blocked),
            limits,
            Slots("connections", settings.subscription_connections, settings.subscription_connections_per_person),
            slots,
            Lobby(settings.unauthenticated_sockets),
            blocked,
            lambda: connections.use,
        )
    finally:
        await connections.close()
