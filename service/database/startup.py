"""Start-up: the database, and its migrations."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from service.database.embedded import embedded_postgres
from service.errors import Misconfigured, first_line
from service.event_store.lineage import lineage_warning, note_lineage
from service.settings import DatabaseUrls, Settings

log = logging.getLogger(__name__)

UNDEFINED: Final = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.InvalidSchemaName,
)
"""Errors of statements on a database that is not migrated."""


@contextmanager
def open_database(settings: Settings) -> Iterator[DatabaseUrls]:
    """The configured database. The embedded one runs while the context is open.

    Raises Misconfigured, also if a statement fails because a migration is missing.
    """
    with _opened(settings) as urls:
        try:
            yield urls
        except Exception as error:
            if any(isinstance(each, UNDEFINED) for each in (error, error.__cause__)):
                refuse_unmigrated(urls)
            raise


def refuse_unmigrated(urls: DatabaseUrls) -> None:
    """Raises Misconfigured if migrations are missing, as far as that can be determined."""
    from service.database.migrations import pending  # Alembic takes a sixth of the start of a process

    missing: tuple[str, ...] = ()
    with suppress(DBAPIError):
        missing = pending(urls.owner)
    if missing:
        raise Misconfigured(
            f"the database lacks what this version needs, from migration {missing[0]} on: "
            "run 'mandate migrate', or 'mandate serve', which migrates first"
        )


@contextmanager
def _opened(settings: Settings) -> Iterator[DatabaseUrls]:
    urls = settings.database_urls()
    if urls is not None:
        yield urls
    else:
        with embedded_postgres(settings.data_dir) as own:
            yield own


@contextmanager
def open_migrated_database(settings: Settings) -> Iterator[DatabaseUrls]:
    """The configured database, migrated to this version."""
    from service.database.migrations import migrate

    with open_database(settings) as urls:
        migrate(urls.owner)
        yield urls


def warn_of_lost_events(url: str) -> None:
    """Logs a warning if the database was restored, moved or failed over. Raises Misconfigured if it does not answer."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            note_lineage(connection)
            warning = lineage_warning(connection)
    except psycopg.OperationalError as error:
        raise Misconfigured(f"the database does not answer: {first_line(error)}") from None
    if warning is not None:
        log.warning("%s", warning)
