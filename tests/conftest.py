"""What every test may ask for. A database is a real PostgreSQL, fresh for each test that names one."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from service.database.embedded import embedded_postgres
from service.settings import DatabaseUrls
from tests.databases import CARELESS, Databases, NewDatabase, in_memory_where_possible


def pytest_collection_finish() -> None:
    """Excludes what is imported and collected from garbage collections, which took a fifth of the processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The server of this run, shared by the processes of xdist."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with in_memory_where_possible(folder) as data, embedded_postgres(data, CARELESS) as server:
        found = Databases(server)
        found.prepare(data)
        yield found


@pytest.fixture
def new_database(databases: Databases) -> Iterator[NewDatabase]:
    """Makes a fresh, migrated database whenever it is called."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(databases.fresh())


@pytest.fixture
def database_urls(new_database: NewDatabase) -> DatabaseUrls:
    """A fresh, migrated database, as each of the roles sees it."""
    return new_database()


@pytest.fixture
def database_url(database_urls: DatabaseUrls) -> str:
    """A fresh, migrated database, as its owner sees it: for tests in which the role does not matter."""
    return database_urls.owner
