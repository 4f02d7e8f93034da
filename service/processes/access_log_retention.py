"""Deletes entries of the access log that are older than the retention setting."""

import logging
from threading import Event
from typing import Final

import psycopg

INTERVAL: Final = 600.0
"""Seconds between two looks at the oldest entries."""
BATCH: Final = 1000
"""Entries per transaction."""
EXPIRE: Final = """
    DELETE FROM event_store.access_log WHERE id IN (
        SELECT id FROM event_store.access_log WHERE at < clock_timestamp() - make_interval(days => %s)
        ORDER BY at, id LIMIT %s
    )
"""

log = logging.getLogger(__name__)


def delete_expired(url: str, days: int) -> int:
    """Deletes entries that are older than a number of days, in batches. Returns how many. Raises psycopg.Error."""
    total = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while deleted := connection.execute(EXPIRE, [days, BATCH]).rowcount:
            total += deleted
    return total


def expire_access_log(url: str, days: int, stop: Event) -> None:
    """Runs until `stop` is set."""
    while True:
        try:
            if deleted := delete_expired(url, days):
                log.info("%s entries of the access log were older than %s days and are deleted", f"{deleted:,}", days)
        except psycopg.Error as error:
            log.warning("old entries of the access log are deleted later: %s", error)
        if stop.wait(INTERVAL):
            return
