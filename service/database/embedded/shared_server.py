"""Several processes share one embedded server: the first starts it, the last stops it, killed ones do not count.

Two files carry flock locks, which the kernel releases when a process dies. `use` is held shared while a process uses
the server. `gate` is held exclusively, and briefly, by a process that starts or stops it.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service.database.embedded.binaries import find_programs
from service.database.embedded.cluster import SUPERUSER, Cluster, socket_folder
from service.database.embedded.roles import ensure_roles_and_database
from service.errors import Misconfigured
from service.settings import DatabaseUrls

GATE_PATIENCE = 90.0
"""Seconds that a start waits for another process's start or stop."""
CHECK_INTERVAL = 1.0
"""Seconds between two checks of the server."""

log = logging.getLogger(__name__)


@contextmanager
def embedded_postgres(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[DatabaseUrls]:
    """The URLs of the server in this data folder, which runs while the context is open.

    `settings` are PostgreSQL's own and apply if this process starts the server. Raises Misconfigured, in one line.
    """
    folder = _folder(data_dir)
    programs = find_programs()
    with (folder / "use.lock").open("ab") as use:
        with _gate(folder):
            cluster = Cluster(programs, folder, socket_folder(folder), settings or {})
            cluster.ensure_running()
            ensure_roles_and_database(cluster)
            fcntl.flock(use, fcntl.LOCK_SH)
        try:
            with _kept_running(cluster, folder):
                yield urls(cluster)
        finally:
            with _gate(folder):
                fcntl.flock(use, fcntl.LOCK_UN)
                if _try_exclusive(use.fileno()):
                    cluster.stop()


@contextmanager
def _kept_running(cluster: Cluster, folder: Path) -> Iterator[None]:
    """Restarts the server if it was killed."""
    ending = threading.Event()

    def keep() -> None:
        while not ending.wait(CHECK_INTERVAL):
            if not cluster.is_dead():
                continue
            try:
                with _gate(folder):
                    cluster.ensure_running()
                log.warning("the embedded PostgreSQL was gone and has been restarted")
            except (Misconfigured, OSError) as error:
                log.error("the embedded PostgreSQL is gone, was not restarted, and will be tried again: %s", error)

    keeper = threading.Thread(target=keep, name="postgres-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join(GATE_PATIENCE)


def urls(cluster: Cluster) -> DatabaseUrls:
    return DatabaseUrls(
        owner=cluster.url("mandate_owner"),
        api=cluster.url("mandate_api"),
        worker=cluster.url("mandate_worker"),
        superuser=cluster.url(SUPERUSER),
    )


def _folder(data_dir: Path) -> Path:
    folder = data_dir.expanduser().absolute() / "postgres"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "no write permission")
    except OSError as error:
        raise Misconfigured(f"the data folder {data_dir} cannot be used: {error.strerror} (MANDATE_DATA_DIR)") from None
    return folder


@contextmanager
def _gate(folder: Path) -> Iterator[None]:
    deadline = time.monotonic() + GATE_PATIENCE
    with (folder / "gate.lock").open("ab") as gate:
        while not _try_exclusive(gate.fileno()):
            if time.monotonic() > deadline:
                raise Misconfigured(f"another process is still starting or stopping PostgreSQL in {folder}")
            time.sleep(0.02)
        yield


def _try_exclusive(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
