"""Start-up: database, migrations, token key."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from service.database.embedded import embedded_postgres
from service.database.migrations import migrate, pending
from service.errors import Misconfigured
from service.identity import OWN_KEY, Tokens, own_key, previous_key, read_key
from service.settings import DatabaseUrls, Settings

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
    with open_database(settings) as urls:
        migrate(urls.owner)
        yield urls


def tokens(settings: Settings) -> Tokens:
    """Issues and reads tokens according to the settings. Raises Misconfigured."""
    key, path = token_key(settings), settings.token_key_file or settings.data_dir / OWN_KEY
    return Tokens(key, timedelta(seconds=settings.token_lifetime), previous_key(path))


def token_key(settings: Settings) -> bytes:
    """The key that signs and checks tokens, the same for all processes of a register. Raises Misconfigured."""
    if settings.token_key_file is not None:
        return read_key(settings.token_key_file)
    if settings.database_url is not None:
        raise Misconfigured(
            "MANDATE_TOKEN_KEY_FILE is needed with MANDATE_DATABASE_URL: name a file of 32 random bytes or more, "
            "the same for every api; or name external issuers in MANDATE_ISSUERS"
        )
    return own_key(settings.data_dir)
