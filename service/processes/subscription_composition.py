"""The parts that subscriptions need, put together."""

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
from service.processes.composition import Clock, async_engine, now
from service.settings import Settings

TURN: Final = 60.0
"""Seconds that a subscription waits for its turn to read."""


@asynccontextmanager
async def open_subscriptions(settings: Settings, url: str, clock: Clock = now) -> AsyncIterator[SubscriptionServices]:
    """What subscriptions read by: connections of their own, so that queries never wait for them."""
    engine = async_engine(settings, url, settings.live_pool_size, TURN)
    try:
        reader = Reader(engine, standing_of, patience=settings.view_patience, answer_limit=TURN, clock=clock)
        tide = LowWatermark(append_listener(url, settings.connect_timeout), partial(reader.reached, VIEWS))
        flow = EventFeed(
            reader, tide, Slots("subscriptions", settings.live_subscriptions, settings.live_subscriptions_each), clock
        )
        bounds = SubscriptionLimits(
            operations=settings.live_operations,
            patience=settings.live_patience,
            greeting=settings.live_greeting,
            origins=frozenset(filter(None, settings.live_origins.split(","))),
        )
        yield SubscriptionServices(
            flow,
            bounds,
            Slots("connections", settings.live_connections, settings.live_connections_each),
            Lobby(settings.live_lobby),
        )
    finally:
        await engine.dispose()
