"""Composition of the parts of subscriptions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from projections.authorities import standing_of
from projections.reading.reader import Reader
from service.event_store.notifications import append_listener
from service.graphql.subscriptions.feed import VIEWS, EventFeed
from service.graphql.subscriptions.lifetime import SubscriptionServices
from service.graphql.subscriptions.limits import Lobby, Slots, SubscriptionLimits
from service.graphql.subscriptions.watermark import LowWatermark
from service.processes.composition import Clock, reading_connections
from service.settings import Settings

POOL_TIMEOUT: Final = 60.0
"""Seconds that a subscription waits for a connection."""


@asynccontextmanager
async def open_subscriptions(settings: Settings, url: str, clock: Clock) -> AsyncIterator[SubscriptionServices]:
    """The parts of subscriptions. They have a separate connection pool, so that queries never wait for them."""
    connections = reading_connections(settings, url, settings.live_pool_size, POOL_TIMEOUT)
    try:
        reader = Reader(
            connections, standing_of, patience=settings.view_patience, answer_limit=POOL_TIMEOUT, clock=clock
        )
        watermark = LowWatermark(append_listener(url, settings.connect_timeout), partial(reader.reached, VIEWS))
        feed = EventFeed(
            reader,
            watermark,
            Slots("subscriptions", settings.live_subscriptions, settings.live_subscriptions_each),
            clock,
        )
        limits = SubscriptionLimits(
            operations=settings.live_operations,
            patience=settings.live_patience,
            greeting=settings.live_greeting,
            origins=frozenset(filter(None, settings.live_origins.split(","))),
        )
        yield SubscriptionServices(
            feed,
            limits,
            Slots("connections", settings.live_connections, settings.live_connections_each),
            Lobby(settings.live_lobby),
        )
    finally:
        await connections.close()
