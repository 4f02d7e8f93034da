"""Processor time of other processes, from /proc (Linux)."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psycopg

TICKS: Final = os.sysconf("SC_CLK_TCK")
BACKENDS: Final = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid != pg_backend_pid()"


def seconds_of(pids: Iterable[int]) -> dict[int, float]:
    """User and system time of each process that still runs."""
    found = {}
    for pid in pids:
        with suppress(FileNotFoundError):
            values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[pid] = (int(values[11]) + int(values[12])) / TICKS
    return found


def backends(connection: psycopg.Connection[Any]) -> list[int]:
    """The processes of the other connections to the server."""
    return [pid for (pid,) in connection.execute(BACKENDS)]


def spent(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Between two readings; a process of the second one alone has begun in between."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
