"""shared_buffers of the embedded server, as PostgreSQL recommends for a dedicated server.

https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-SHARED-BUFFERS
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1024 * 1024
LEAST: Final = 128 * MEGABYTE
MOST: Final = 4096 * MEGABYTE
LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Memory limits of a container (cgroup v2, v1); 'max' if there is none."""


def shared_buffers(limits: Iterable[Path] = LIMITS) -> str:
    """A quarter of the memory, within bounds, in PostgreSQL's notation: '2048MB'. Most of it is allocated on use."""
    size = min(max(_memory(limits) // 4, LEAST), MOST)
    return f"{size // MEGABYTE}MB"


def _memory(limits: Iterable[Path]) -> int:
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in limits:
        with suppress(OSError, ValueError):
            found.append(int(limit.read_text()))
    return min(found)
