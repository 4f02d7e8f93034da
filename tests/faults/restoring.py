"""A database that is restored to an earlier point beneath the processes that use it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from service.settings import DatabaseUrls


class Backup:
    """A copy of a database, which takes its place once."""

    def __init__(self, urls: DatabaseUrls) -> None:
        assert urls.superuser is not None
        with psycopg.connect(urls.superuser) as connection:
            self._name = connection.info.dbname
        self._copy = f"{self._name}_copy"
        self._server = urls.superuser
        with self._alone() as connection:
            names = (self._copy, self._name, "mandate_owner")
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*map(sql.Identifier, names)))

    def restore(self) -> None:
        """Cuts every connection; whoever connects again finds the database as it was."""
        with self._alone() as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(self._name)))
            names = map(sql.Identifier, (self._copy, self._name))
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection]:
        """Nobody is connected to the database meanwhile."""
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self._server, dbname="postgres", autocommit=True) as connection:
            connection.execute(allow.format(sql.Identifier(self._name), sql.SQL("false")))
            try:
                connection.execute(end, [self._name])
                yield connection
            finally:
                connection.execute(allow.format(sql.Identifier(self._name), sql.SQL("true")))
