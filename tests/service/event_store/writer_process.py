"""A process that appends, and prints what was acknowledged.

Run: `python -m tests.service.event_store.writer_process URL THREADS ITEMS`.
"""

import os
import sys
import threading
from uuid import uuid4

from service.event_store.store import EventStore
from tests.service.event_store.appends import write


def main(url: str, threads: int, items: int) -> None:
    """Each item writes two streams, so that half an item would show."""
    store = EventStore(url)

    def append() -> None:
        first, second = uuid4(), uuid4()
        for version in range(1, items + 1):
            answer = write(store, (first, version), (second, version))
            line = f"{answer[0].position} {first} {version}\n"
            os.write(1, line.encode())

    running = [threading.Thread(target=append) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
