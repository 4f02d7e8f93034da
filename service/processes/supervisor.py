"""Keeps a child process running while this process lives. A killed child is restarted, at growing intervals."""

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
"""Seconds before a child is restarted. The pause doubles while children end at once."""
PATIENCE: Final = 20.0
"""Seconds for a child to drain."""

log = logging.getLogger(__name__)


@contextmanager
def supervised(*arguments: str) -> Iterator[None]:
    """Runs `mandate` with these arguments as a child process until the context ends.

    The child watches its standard input. When that closes, also because this process was killed, the child ends.
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
            started = time.monotonic()
            result = self._run_child()
            if self._ending.is_set():
                return
            pause = SHORTEST_PAUSE if time.monotonic() - started > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            log.warning("the child process %s: it is restarted in %.1f s", result, pause)
            self._ending.wait(pause)

    def _run_child(self) -> str:
        """Starts the child, waits for its end, and returns the result for the log."""
        try:
            with self._guard:
                if self._ending.is_set():
                    return "is no longer needed"
                child = self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE)
        except OSError as error:
            return f"could not be started ({error.strerror})"
        return f"ended with status {child.wait()}"

    def drain(self) -> None:
        """Terminates the child, and kills it after PATIENCE."""
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
