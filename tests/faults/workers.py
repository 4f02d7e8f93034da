"""Workers that are started and killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from service.settings import DatabaseUrls


@contextmanager
def worker(urls: DatabaseUrls) -> Iterator[subprocess.Popen[bytes]]:
    process = started(urls)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def started(urls: DatabaseUrls) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MANDATE_DATABASE_URL": urls.api, "MANDATE_WORKER_DATABASE_URL": urls.worker}
    command = [sys.executable, "-m", "service.cli", "worker"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
