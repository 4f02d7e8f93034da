"""The roles' rights are a state that every migration reaches, on a server that has the roles or has not."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest

from service.database.embedded import embedded_postgres
from service.database.migrations import check, migrate, pending
from service.errors import Misconfigured
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.databases import CARELESS
from tests.service.event_store.appends import write

ROLES = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname IN ('mandate_api', 'mandate_worker') ORDER BY 1"


@pytest.fixture
def own_server() -> Iterator[DatabaseUrls]:
    """A server with an empty database, of this test alone: roles belong to the whole server."""
    with TemporaryDirectory() as folder, embedded_postgres(Path(folder), CARELESS) as urls:
        yield urls


def run(urls: DatabaseUrls, *statements: str) -> None:
    assert urls.superuser is not None
    with psycopg.connect(urls.superuser) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def use(url: str) -> None:
    store = EventStore(url)
    try:
        write(store, (uuid4(), 1))
    finally:
        store.close()


def test_a_single_role_may_serve_as_all_roles(own_server: DatabaseUrls) -> None:
    run(own_server, "DROP ROLE mandate_api", "DROP ROLE mandate_worker")
    assert migrate(own_server.owner) != ()
    check(own_server.owner)
    use(own_server.owner)
    assert migrate(own_server.owner) == ()

    run(own_server, "CREATE ROLE mandate_api LOGIN", "CREATE ROLE mandate_worker LOGIN")
    with pytest.raises(Misconfigured, match="ALTER ROLE mandate_worker BYPASSRLS"):
        migrate(own_server.owner)
    run(own_server, "ALTER ROLE mandate_worker BYPASSRLS")
    migrate(own_server.owner)
    use(own_server.api)
    use(own_server.worker)


def test_an_owner_with_createrole_creates_the_other_roles_without_login(own_server: DatabaseUrls) -> None:
    make = "ALTER ROLE mandate_owner CREATEROLE"
    run(own_server, "DROP ROLE mandate_api", "DROP ROLE mandate_worker", make)
    migrate(own_server.owner)
    with psycopg.connect(own_server.owner) as connection:
        assert connection.execute(ROLES).fetchall() == [("mandate_api", False), ("mandate_worker", False)]


def test_a_reader_is_needed(own_server: DatabaseUrls) -> None:
    """Where the owner may not make it, the refusal says what to run."""
    run(own_server, "REVOKE mandate_reader FROM mandate_owner")
    migrate(own_server.owner)
    run(own_server, "REVOKE mandate_reader FROM mandate_api", "REVOKE ALL ON SCHEMA event_store FROM mandate_api")
    with pytest.raises(Misconfigured, match="run GRANT mandate_reader TO mandate_api"):
        migrate(own_server.owner)
    run(own_server, "GRANT mandate_reader TO mandate_api")
    run(own_server, "REVOKE mandate_reader FROM mandate_worker", "REVOKE ALL ON SCHEMA event_store FROM mandate_worker")
    with pytest.raises(Misconfigured, match="mandate_worker may not read for a viewer"):
        migrate(own_server.owner)
    run(own_server, "DROP OWNED BY mandate_reader", "DROP ROLE mandate_reader")
    with pytest.raises(Misconfigured, match="CREATE ROLE mandate_reader NOLOGIN; GRANT mandate_reader TO mandate_api"):
        migrate(own_server.owner)


def test_several_processes_may_migrate_at_once(own_server: DatabaseUrls) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        list(pool.map(migrate, [own_server.owner] * 3))
    assert pending(own_server.owner) == ()
    use(own_server.api)


def test_a_migration_restores_lost_rights(database_urls: DatabaseUrls) -> None:
    run(database_urls, "REVOKE ALL ON SCHEMA event_store FROM mandate_api")
    assert migrate(database_urls.owner) == ()
    use(database_urls.api)


@pytest.mark.parametrize("url", ["postgresql://nobody@/none?host=/nowhere", "postgresql://localhost:1/none"])
def test_an_unreachable_database_is_reported_in_one_line(url: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be migrated") as raised:
        migrate(url)
    assert "\n" not in str(raised.value)


def test_a_role_without_the_right_to_migrate_is_refused(own_server: DatabaseUrls) -> None:
    with pytest.raises(Misconfigured, match="permission denied"):
        migrate(own_server.api)
