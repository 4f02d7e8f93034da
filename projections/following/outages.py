"""Which errors of the database pass by themselves, so that what was asked can be asked again as it is."""

from typing import Final

import psycopg

CLASSES: Final = ("08", "40", "53")
"""Of SQLSTATE: the connection was lost; what runs at the same time came first; disk, memory or connections ran out."""
STATES: Final = frozenset({"25006", "55P03", "57P01", "57P02", "57P03", "57P05"})
"""The database is read-only; a lock is held; the server is stopped, fell, starts, or ended an idle session."""


def is_outage(error: BaseException) -> bool:
    """Whether the database is away, busy, full or read-only. Whatever else it says would be said again.

    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(CLASSES) or error.sqlstate in STATES
