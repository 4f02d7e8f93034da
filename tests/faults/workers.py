"""Workers that are started and killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.settings import DatabaseUrls


@contextmanager
def worker(urls: DatabaseUrls, log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """log: the file that it logs to."""
    process = started(urls, log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def started(urls: DatabaseUrls, log: Path | None = None) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MANDATE_DATABASE_URL": urls.api, "MANDATE_WORKER_DATABASE_URL": urls.worker}
    command = [sys.executable, "-m", "service.cli", "worker"]
    with (log or Path(os.devnull)).open("ab") as output:
        return subprocess.Popen(command, env=environment, stderr=output)
