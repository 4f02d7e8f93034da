"""The parts that subscriptions need, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from projections.authorities import standing_of
from projections.reading.reader import Reader
from service.event_store.notifications import listening
from service.graphql.subscriptions.feed import VIEWS, Flow
from service.graphql.subscriptions.lifetime import Live
from service.graphql.subscriptions.limits import Bounds, Lobby, Places
from service.graphql.subscriptions.watermark import Tide
from service.processes.composition import Clock, async_engine, now
from service.settings import Settings

TURN: Final = 60.0
"""Seconds that a subscription waits for its turn to read."""


@asynccontextmanager
async def live_side(settings: Settings, url: str, clock: Clock = now) -> AsyncIterator[Live]:
    """What subscriptions read by: connections of their own, so that queries never wait for them."""
    engine = async_engine(settings, url, settings.live_pool_size, TURN)
    try:
        reader = Reader(engine, standing_of, patience=settings.view_patience, answer_limit=TURN, clock=clock)
        tide = Tide(listening(url, settings.connect_timeout), partial(reader.reached, VIEWS))
        flow = Flow(
            reader, tide, Places("subscriptions", settings.live_subscriptions, settings.live_subscriptions_each), clock
        )
        bounds = Bounds(
            operations=settings.live_operations,
            patience=settings.live_patience,
            greeting=settings.live_greeting,
            origins=frozenset(filter(None, settings.live_origins.split(","))),
        )
        yield Live(
            flow,
            bounds,
            Places("connections", settings.live_connections, settings.live_connections_each),
            Lobby(settings.live_lobby),
        )
    finally:
        await engine.dispose()
