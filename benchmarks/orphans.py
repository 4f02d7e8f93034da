"""Ends the servers of a benchmark that is killed, which cannot end them itself."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from pathlib import Path


def end_with_parent() -> None:
    """Ends this process, a child of multiprocessing, as soon as the process that started it has ended."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="orphans").start()


@contextmanager
def removed_with_its_server(folder: Path) -> Iterator[None]:
    """Removes a folder, and stops the PostgreSQL in it, if this process ends before the context does."""
    command = [sys.executable, "-m", "benchmarks.orphans", str(folder)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        guard.kill()
        guard.wait()


def main(folder: Path) -> None:
    sys.stdin.read()
    for lock in folder.glob("postgres/cluster/postmaster.pid"):
        with suppress(ProcessLookupError):
            os.kill(int(lock.read_text().split("\n", 1)[0]), signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
