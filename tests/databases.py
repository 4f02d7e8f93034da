"""Fresh databases for tests: one embedded server for all of pytest's processes, a migrated template, a copy a test."""

import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from service.database.embedded.cluster import is_postgres
from service.database.migrations import migrate
from service.settings import DatabaseUrls

TEMPLATE = "mandate_template"
OWNER = "mandate_owner"
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "shared_buffers": "128MB",
}
"""A test's server need not survive the machine. Dropping a database scans all of shared_buffers."""

MEMORY = Path("/dev/shm")
ENOUGH = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Databases:
    server: DatabaseUrls

    def prepare(self, folder: Path) -> None:
        """Makes the template once, whichever process comes first."""
        with (folder / "template.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ready = folder / "template.ready"
            if not ready.exists():
                self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(TEMPLATE)))
                self._create(TEMPLATE, "template1")
                migrate(self.urls(TEMPLATE).owner)
                ready.touch()

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[DatabaseUrls]:
        """A migrated, empty database that is dropped afterwards, whoever is still connected to it."""
        name = f"test_{uuid4().hex}"
        self._create(name, template)
        try:
            yield self.urls(name)
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def copy(self, urls: DatabaseUrls) -> AbstractContextManager[DatabaseUrls]:
        """A copy of a database to which nobody is connected."""
        return self.fresh(urlsplit(urls.owner).path.removeprefix("/"))

    def urls(self, database: str) -> DatabaseUrls:
        server = self.server
        assert server.superuser is not None
        return DatabaseUrls(
            owner=_in(server.owner, database),
            api=_in(server.api, database),
            worker=_in(server.worker, database),
            superuser=_in(server.superuser, database),
        )

    def _create(self, name: str, template: str) -> None:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY")
        self._run(create.format(*map(sql.Identifier, (name, template, OWNER))))

    def _run(self, statement: sql.Composed) -> None:
        superuser = self.urls("postgres").superuser
        assert superuser is not None
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def in_memory_where_possible(folder: Path) -> Iterator[Path]:
    """A folder for a server's data, the same for whoever names the same `folder`; the last to leave removes it.

    A database is made of 300 files, which takes five times as long on a disk. What killed runs left is removed too.
    """
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH):
        yield folder / "server"
        return
    data = MEMORY / f"mandate-{os.getuid()}-{folder.stat().st_ino}"
    with _alone():
        for left in MEMORY.glob(f"mandate-{os.getuid()}-*"):
            _remove_unless_used(left)
        data.mkdir(exist_ok=True)
        used = (data / "used.lock").open("ab")
        fcntl.flock(used, fcntl.LOCK_SH)
    try:
        yield data
    finally:
        with _alone():
            used.close()
            _remove_unless_used(data)


@contextmanager
def _alone() -> Iterator[None]:
    with (MEMORY / f"mandate-{os.getuid()}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_unless_used(data: Path) -> None:
    with suppress(BlockingIOError, FileNotFoundError), (data / "used.lock").open("rb") as used:
        fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with suppress(OSError, ValueError):
            process = int((data / "postgres/cluster/postmaster.pid").read_text().split()[0])
            if is_postgres(process):
                os.kill(process, signal.SIGQUIT)
        shutil.rmtree(data, ignore_errors=True)


NewDatabase = Callable[[], DatabaseUrls]


def _in(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))
