"""A register whose views are up to date, and the command line on it."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from typer.testing import CliRunner, Result

from service.cli import application
from service.database import DatabaseUrls
from service.event_store import EventStore
from tests.projections.histories import Histories
from tests.projections.world import World

Run = Callable[..., Result]


@pytest.fixture
def histories() -> Histories:
    return Histories(71)


@pytest.fixture
def recorded(database_urls: DatabaseUrls, histories: Histories) -> Iterator[World]:
    with closing(EventStore(database_urls.api)) as store:
        world = World(database_urls, store)
        world.append([histories.opening(), *histories.items(80)])
        world.apply()
        yield world


@pytest.fixture
def run(recorded: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command, as an operator does."""
    monkeypatch.setenv("MANDATE_DATABASE_URL", recorded.urls.api)
    monkeypatch.setenv("MANDATE_WORKER_DATABASE_URL", recorded.urls.worker)
    monkeypatch.setenv("MANDATE_OWNER_DATABASE_URL", recorded.urls.owner)
    return lambda *arguments: CliRunner().invoke(application(), arguments)
