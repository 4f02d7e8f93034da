"""Keeps a child process alive for as long as this one lives: a killed one is started again, at growing intervals."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SHORTEST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
"""Seconds before a child that ended is started again; it doubles while children end at once."""
PATIENCE: Final = 20.0
"""Seconds that a child has to drain."""

log = logging.getLogger(__name__)


@contextmanager
def supervised(*arguments: str) -> Iterator[None]:
    """Runs `mandate` with these arguments beside this process, until the context ends.

    The child reads its standard input to know that this process lives: when it closes, also because this process was
    killed, the child ends by itself.
    """
    ending = threading.Event()
    supervisor = _Supervisor(arguments, ending)
    thread = threading.Thread(target=supervisor.run, name="supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        supervisor.drain()
        thread.join(PATIENCE)


class _Supervisor:
    def __init__(self, arguments: tuple[str, ...], ending: threading.Event) -> None:
        self._command = [sys.executable, "-m", "service.cli", *arguments]
        self._ending = ending
        self._guard = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._ending.is_set():
            began = time.monotonic()
            became = self._begun()
            if self._ending.is_set():
                return
            pause = SHORTEST_PAUSE if time.monotonic() - began > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            log.warning("the child process %s: it is started again in %.1f s", became, pause)
            self._ending.wait(pause)

    def _begun(self) -> str:
        """Starts the child and waits for its end. What became of it."""
        try:
            with self._guard:
                if self._ending.is_set():
                    return "is not needed any more"
                child = self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE)
        except OSError as error:
            return f"could not be started ({error.strerror})"
        return f"ended with status {child.wait()}"

    def drain(self) -> None:
        """Asks the child to end, and ends it where it does not."""
        with self._guard:
            child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            log.error("the child process did not drain in %.0f s: it is killed", PATIENCE)
            child.kill()
            child.wait()
