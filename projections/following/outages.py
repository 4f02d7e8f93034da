"""Temporary errors of the database, after which a statement can be repeated unchanged."""

from typing import Final

import psycopg

CLASSES: Final = ("08", "40", "53")
"""SQLSTATE classes: connection exception; transaction rollback; insufficient resources."""
STATES: Final = frozenset({"25006", "55P03", "57P01", "57P02", "57P03", "57P05"})
"""Read-only transaction; lock not available; server shut down, crashed or starting; idle session timeout."""


def is_outage(error: BaseException) -> bool:
    """Whether the database is unavailable, busy, full or read-only. Any other error would occur again.

    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(CLASSES) or error.sqlstate in STATES
