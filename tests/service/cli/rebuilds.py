"""Rebuilds by a worker."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import psycopg

from projections.tables.view import View
from projections.views import deployment_requests
from service.processes.composition import reading_connections
from service.processes.rebuild_worker import RebuildWorker, rebuild_requester
from service.settings import Settings
from tests.projections.rebuilding.faulty_views import faulty
from tests.projections.world import World

VIEW = deployment_requests.VIEW
NAME = VIEW.name
RAISED = replace(VIEW, version=VIEW.version + 1, fold=faulty)


@contextmanager
def working(url: str, *views: View) -> Iterator[None]:
    """The part of a worker that builds views again."""
    stop = Event()
    thread = Thread(target=RebuildWorker(url, views or [VIEW], look=0.05).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def ask(world: World, view: str = NAME) -> None:
    """As the API does, with its rights."""

    async def asked() -> None:
        connections = reading_connections(Settings(), world.urls.api)
        try:
            await rebuild_requester(connections)(view)
        finally:
            await connections.close()

    asyncio.run(asked())


def orders(world: World) -> list[str]:
    with psycopg.connect(world.urls.api) as connection:
        return [row[0] for row in connection.execute("SELECT view FROM projections.rebuild_orders ORDER BY asked_at")]
