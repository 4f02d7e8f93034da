"""What exports and dossiers need of a process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from service.event_store.store import EventStore

AT_ONCE: Final = 4
"""Exports and dossiers of a process at the same time."""
PDFS: Final = 2
"""PDFs that are rendered at the same time, each by a process of its own."""


@dataclass(frozen=True, slots=True)
class FileServices:
    """threads: write the files, as many at once as there are places."""

    store: EventStore
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="file"))
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    pdfs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PDFS))

    async def aclose(self) -> None:
        """Waits for the threads, which may wait for the event loop."""
        await asyncio.to_thread(self.threads.shutdown, cancel_futures=True)
