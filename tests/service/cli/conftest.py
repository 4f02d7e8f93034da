"""A register whose views are up to date, and the command line on it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy

import pytest
from typer.testing import CliRunner, Result

from service.cli import application
from service.event_store.store import EventStore
from service.processes.composition import reading_connections
from service.settings import DatabaseUrls, Settings
from tests.databases import Databases
from tests.projections.histories import Histories
from tests.projections.world import World
from tests.service.cli.watching import Watch, courses

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def template(databases: Databases) -> Iterator[tuple[DatabaseUrls, Histories]]:
    """What each test gets a copy of: a database whose views are up to date, and the histories in it."""
    histories = Histories(71)
    with databases.fresh() as urls:
        with closing(EventStore(urls.api)) as store:
            world = World(urls, store)
            world.append([histories.opening(), *histories.items(80)])
            world.apply()
        yield urls, histories


@pytest.fixture
def histories(template: tuple[DatabaseUrls, Histories]) -> Histories:
    return deepcopy(template[1])


@pytest.fixture
def recorded(databases: Databases, template: tuple[DatabaseUrls, Histories]) -> Iterator[World]:
    with databases.copy(template[0]) as urls, closing(EventStore(urls.api)) as store:
        yield World(urls, store)


@pytest.fixture
def run(recorded: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command, as an operator does."""
    monkeypatch.setenv("MANDATE_DATABASE_URL", recorded.urls.api)
    monkeypatch.setenv("MANDATE_WORKER_DATABASE_URL", recorded.urls.worker)
    monkeypatch.setenv("MANDATE_OWNER_DATABASE_URL", recorded.urls.owner)
    return lambda *arguments: CliRunner().invoke(application(arguments[0]), arguments)


@pytest.fixture
def watch(recorded: World) -> Iterator[Watch]:
    with asyncio.Runner() as runner:
        connections = reading_connections(Settings(), recorded.urls.api)
        yield Watch(recorded, runner, connections)
        runner.run(connections.close())


@pytest.fixture
def followed(recorded: World, watch: Watch) -> Iterator[World]:
    with recorded.following(*courses()):
        watch.well()
        yield recorded
