"""Workers that are started and killed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.settings import DatabaseUrls
from tests import fork_server
from tests.fork_server import Forked


@contextmanager
def worker(urls: DatabaseUrls, log: Path | None = None) -> Iterator[Forked]:
    """log: the file that it logs to."""
    process = started(urls, log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def started(urls: DatabaseUrls, log: Path | None = None) -> Forked:
    environment = {**os.environ, "MANDATE_DATABASE_URL": urls.api, "MANDATE_WORKER_DATABASE_URL": urls.worker}
    with (log or Path(os.devnull)).open("ab") as output:
        return fork_server.start("service.cli", "worker", env=environment, stderr=output)
