"""Processor time of other processes (Linux)."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import psycopg

BACKENDS: Final = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid != pg_backend_pid()"


def seconds_of(pids: Iterable[int]) -> dict[int, float]:
    """The processor time of each process that still runs, in all its threads."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            found[pid] = time.clock_gettime(~pid << 3 | 2)  # the clock that clock_getcpuclockid(3) returns
    return found


def backends(connection: psycopg.Connection[Any]) -> list[int]:
    """The processes of the other connections to the server."""
    return [pid for (pid,) in connection.execute(BACKENDS)]


def spent(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Between two readings; a process of the second one alone has begun in between."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
