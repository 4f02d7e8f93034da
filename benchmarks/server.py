"""A private, durable PostgreSQL (fsync on, data on a disk), and new databases in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.orphans import removed_with_its_server
from service.database.embedded import embedded_postgres
from service.database.migrations import migrate
from service.settings import DatabaseUrls

ON_DISK = Path(__file__).resolve().parents[1] / "var"
OWNER = "mandate_owner"


@contextmanager
def durable_server() -> Iterator[DatabaseUrls]:
    """An embedded server with default settings; its data is removed at the end, also if this process is killed."""
    ON_DISK.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(prefix="bench-", dir=ON_DISK) as folder,
        removed_with_its_server(Path(folder)),
        embedded_postgres(Path(folder)) as urls,
    ):
        yield urls


def migrated(server: DatabaseUrls, name: str) -> DatabaseUrls:
    """A new database with the register's tables."""
    urls = created(server, name)
    migrate(urls.owner)
    return urls


def created(server: DatabaseUrls, name: str) -> DatabaseUrls:
    """A new, empty database."""
    assert server.superuser is not None
    with psycopg.connect(server.superuser, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        connection.execute(statement)
    return DatabaseUrls(
        owner=_in(server.owner, name),
        api=_in(server.api, name),
        worker=_in(server.worker, name),
        superuser=_in(server.superuser, name),
    )


def dropped(server: DatabaseUrls, name: str) -> None:
    """Drops a database, including its connections."""
    assert server.superuser is not None
    with psycopg.connect(server.superuser, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _in(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()
