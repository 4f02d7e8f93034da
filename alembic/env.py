"""Runs migrations: one process at a time, each migration in its own transaction.

A migration that indexes an existing table uses service.database.migrations.build_index, which takes no lock that blocks
readers or writers. `alembic revision` and other commands run by hand use MANDATE_OWNER_DATABASE_URL or
MANDATE_DATABASE_URL.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy
from alembic import context

from projections import catalogue  # noqa: F401  # every table, for the metadata
from projections.tables import stored_events  # noqa: F401  # every table, for the metadata
from projections.tables.metadata import EVENT_STORE, PROJECTIONS
from service.database.grants import SCHEMAS, grant
from service.database.migrations import LOCK_TIMEOUT, VERSIONS_SCHEMA
from service.database.row_security_setup import secure
from service.errors import Misconfigured
from service.settings import Settings

LOCK = 0x6D696772617465  # "migrate"


PATIENCE = 60.0
"""Seconds that a process waits while another one migrates."""
POLL = 0.1


def run(connection: sqlalchemy.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=[EVENT_STORE, PROJECTIONS],
        version_table_schema=VERSIONS_SCHEMA,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name in SCHEMAS,
        compare_type=True,
        transaction_per_migration=True,
    )
    with _locked(connection):
        with connection.begin():
            connection.execute(sqlalchemy.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            for schema in SCHEMAS:
                connection.execute(sqlalchemy.text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        with connection.begin():
            grant(connection)
        secure(connection)


@contextmanager
def _locked(connection: sqlalchemy.Connection) -> Iterator[None]:
    """Holds the migration lock for the session. Raises Misconfigured if another process holds it too long.

    It polls: a process that waited inside a statement would hold a snapshot, which CREATE INDEX CONCURRENTLY waits for.
    """
    until = time.monotonic() + PATIENCE
    while not _scalar(connection, f"SELECT pg_try_advisory_lock({LOCK})"):
        if time.monotonic() > until:
            raise Misconfigured("another process is migrating this database: try again when it has finished")
        time.sleep(POLL)
    try:
        yield
    finally:
        connection.rollback()
        _scalar(connection, f"SELECT pg_advisory_unlock({LOCK})")


def _scalar(connection: sqlalchemy.Connection, statement: str) -> bool:
    with connection.begin():
        return bool(connection.scalar(sqlalchemy.text(statement)))


def by_hand() -> None:
    urls = Settings.from_environment().database_urls()
    if urls is None:
        raise Misconfigured("set MANDATE_DATABASE_URL to the database that is to be migrated")
    url = urls.owner
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with engine.connect() as connection:
        run(connection)


if context.is_offline_mode():
    raise Misconfigured("migrations are run against a database, not printed: they read what is there")
given = context.config.attributes.get("connection")
if given is None:
    by_hand()
else:
    run(given)
