"""How migrations run: in one transaction, one process at a time, on the connection that service.migrations hands over.

`alembic revision` and its like, run by hand, take MANDATE_OWNER_DATABASE_URL or MANDATE_DATABASE_URL.
"""

import psycopg
import sqlalchemy
from alembic import context

from projections import catalogue, stored  # noqa: F401  # every table, for the metadata
from projections.metadata import EVENT_STORE, PROJECTIONS
from service.errors import Misconfigured
from service.migrations import VERSIONS_SCHEMA
from service.roles import SCHEMAS, grant
from service.settings import Settings

LOCK = 0x6D696772617465  # "migrate"


def run(connection: sqlalchemy.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=[EVENT_STORE, PROJECTIONS],
        version_table_schema=VERSIONS_SCHEMA,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name in SCHEMAS,
        compare_type=True,
    )
    with context.begin_transaction():
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(sqlalchemy.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '5s'"))
        for schema in SCHEMAS:
            connection.execute(sqlalchemy.text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        context.run_migrations()
        grant(connection)


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
