"""Which errors of the database pass by themselves, so that what was asked can be asked again as it is."""

from typing import Final

import psycopg

CLASSES: Final = ("08", "40")
"""Of SQLSTATE: the connection was lost; what runs at the same time came first."""
STATES: Final = frozenset({"53300", "55P03", "57P01", "57P02", "57P03", "57P05"})
"""Too many connections; a lock is held; the server is stopped, fell, starts, or ended a session that stood idle."""


def is_outage(error: BaseException) -> bool:
    """Whether the database is away or busy. Whatever else it says would be said again: SQLSTATE tells them apart.

    All that pass are psycopg.OperationalErrors, by which they are waited out; not all of those pass.

    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(CLASSES) or error.sqlstate in STATES
