"""Backs up the embedded server while it is used: a base backup, and from then on every segment of its WAL."""

import fcntl
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from service.access.key_files import keys_in
from service.database.embedded.archive import (
    CLUSTER,
    INSTANT,
    UNFINISHED,
    WAL,
    BaseBackup,
    archive_command,
    base_backups,
    remove_all_but,
    series_in_use,
    write_archiving,
)
from service.database.embedded.binaries import Programs, find_programs
from service.database.embedded.manifest import CHECKSUM, system_identifier, verify
from service.errors import Misconfigured

log = logging.getLogger(__name__)

PATIENCE: Final = 60.0
"""Seconds for a segment of the WAL to be archived."""
LONGEST: Final = 24 * 3600.0
"""Seconds for a base backup."""
REGISTER: Final = "SELECT system_identifier, to_regclass('event_store.events') IS NOT NULL FROM pg_control_system()"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """folder: of the base backup. bytes: its size. seconds: how long it took. removed: older ones."""

    folder: Path
    ended_at: datetime
    bytes: int
    seconds: float
    removed: list[Path]


def back_up(superuser: str, data_dir: Path, folder: Path, keep: int | None = None) -> BackupReport:
    """Makes a base backup, and lets the server archive its WAL to the same folder from now on.

    superuser: URL of the embedded server in `data_dir`, which runs. keep: base backups that stay, else all.
    Refuses a server without a register, and a folder inside `data_dir` or with backups of another register.
    Raises Misconfigured, in one line.
    """
    began = time.monotonic()
    programs, postgres = find_programs(), data_dir.expanduser().absolute() / "postgres"
    server_log = postgres / "postgresql.log"
    try:
        folder = folder.expanduser().absolute()
        if folder.resolve().is_relative_to(data_dir.expanduser().resolve()):
            raise Misconfigured(f"{folder} is inside the data folder, {data_dir}: name a folder on another disk")
        system = _register(superuser, data_dir)
        _refuse_others(folder, system)
        previous, series = series_in_use(postgres), _series(postgres, folder)
        with _alone(series):
            if previous is not None and previous.parent != folder:
                log.warning("the archive in %s ends here: from now on, WAL is archived to %s", previous.parent, folder)
            _archive_wal(superuser, postgres, series)
            base = _base_backup(programs, superuser, series, server_log)
            for key in keys_in(postgres.parent):
                shutil.copy2(key, base.folder)
            removed = remove_all_but(keep, folder, system, programs, server_log) if keep else []
        size = sum(each.stat().st_size for each in base.folder.rglob("*") if each.is_file())
    except OSError as error:
        raise Misconfigured(f"the backup cannot be written: {error.filename}: {error.strerror}") from None
    seconds = time.monotonic() - began
    paths = [each.folder for each in removed]
    return BackupReport(folder=base.folder, ended_at=base.ended_at, bytes=size, seconds=seconds, removed=paths)


def require_register(data_dir: Path) -> None:
    """Raises Misconfigured if the data folder has no cluster, which opening the database would create."""
    if not (data_dir.expanduser() / "postgres" / CLUSTER).exists():
        raise _no_register(data_dir)


def _no_register(data_dir: Path) -> Misconfigured:
    return Misconfigured(f"{data_dir} has no register to back up: set MANDATE_DATA_DIR to the folder of the register")


def _register(superuser: str, data_dir: Path) -> int:
    """The system identifier of the register. A restored one keeps it."""
    with psycopg.connect(superuser) as connection:
        row = connection.execute(REGISTER).fetchone()
    assert row is not None
    if not row[1]:
        raise _no_register(data_dir)
    return int(row[0])


def _refuse_others(folder: Path, system: int) -> None:
    for each in base_backups(folder):
        if system_identifier(each.cluster) not in (system, None):
            raise Misconfigured(f"{folder} has a backup of another register, {each.folder}: name another folder")


def _series(postgres: Path, folder: Path) -> Path:
    """The series that this server archives to in the folder, or a new one."""
    series = series_in_use(postgres)
    if series is None or series.parent != folder:
        series = folder / datetime.now(UTC).strftime(INSTANT)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    series.mkdir(mode=0o700, exist_ok=True)
    (series / WAL).mkdir(mode=0o700, exist_ok=True)
    return series


@contextmanager
def _alone(series: Path) -> Iterator[None]:
    with (series / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(f"another backup to {series.parent} is running") from None
        yield


def _archive_wal(superuser: str, postgres: Path, series: Path) -> None:
    """Returns when a segment has been archived: from here on, none is missing."""
    write_archiving(postgres, series)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")
    deadline, wanted = time.monotonic() + PATIENCE, archive_command(series)
    while _archive_command_in_use(superuser) != wanted:
        _wait(deadline, "the server does not read its settings again")
    with psycopg.connect(superuser, autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_create_restore_point('backup'))").fetchone()
        connection.execute("SELECT pg_switch_wal()")
    assert row is not None
    while not (series / WAL / f"{row[0]}.gz").exists():
        _wait(deadline, f"no WAL arrives in {series / WAL}; see {postgres / 'postgresql.log'}")


def _archive_command_in_use(superuser: str) -> str:
    with psycopg.connect(superuser) as connection:
        row = connection.execute("SELECT current_setting('archive_command')").fetchone()
    assert row is not None
    return str(row[0])


def _wait(deadline: float, problem: str) -> None:
    if time.monotonic() > deadline:
        raise Misconfigured(problem)
    time.sleep(0.02)


def _base_backup(programs: Programs, superuser: str, series: Path, log: Path) -> BaseBackup:
    unfinished = series / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    copy = [f"--dbname={superuser}", f"--pgdata={unfinished / CLUSTER}", "--checkpoint=fast"]
    programs.run("pg_basebackup", [*copy, f"--manifest-checksums={CHECKSUM}"], log=log, seconds=LONGEST)
    verify(unfinished / CLUSTER)
    with psycopg.connect(superuser) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    ended_at = row[0].astimezone(UTC)
    return BaseBackup(unfinished.rename(series / ended_at.strftime(INSTANT)), ended_at)
