"""Restores an embedded server from its backups, as it was at an instant or with all that was archived."""

import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from domain.vocabulary import iso_time
from service.access.key_files import keys_in
from service.database.embedded.archive import BaseBackup, base_backups, restore_command
from service.database.embedded.binaries import find_programs
from service.database.embedded.cluster import ARCHIVING, SUPERUSER, Cluster, socket_folder
from service.database.embedded.manifest import verify
from service.errors import Misconfigured

log = logging.getLogger(__name__)

LONGEST: Final = 24 * 3600
"""Seconds for the server to begin to replay."""
POLL: Final = 0.05
ENDED_BEFORE: Final = "recovery ended before configured recovery target was reached"
LAST_TRANSACTION: Final = "SELECT pg_last_xact_replay_timestamp()"
NEWEST: Final = "SELECT notification_id, recorded_at FROM event_store.events ORDER BY notification_id DESC LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """base: the base backup. last_transaction_at: of the last one replayed after it, None if there was none.

    position, recorded_at: of the newest event; 0 and None if there is none. seconds: how long it took.
    """

    base: Path
    last_transaction_at: datetime | None
    position: int
    recorded_at: datetime | None
    seconds: float


def restore(data_dir: Path, folder: Path, until: datetime | None = None) -> RestoreReport:
    """Restores the register in a backup folder into a data folder without one.

    until: the last transaction that ended by then is the last one restored. None: the last one archived.
    Nothing is changed if it fails. Raises Misconfigured, in one line.
    """
    began = time.monotonic()
    try:
        base = _chosen(folder.expanduser().absolute(), until)
        postgres = data_dir.expanduser().absolute() / "postgres"
        if (postgres / "cluster").exists():
            raise Misconfigured(f"{data_dir} has a register: stop it, and move {postgres} away or set MANDATE_DATA_DIR")
        restored = _replayed(base, postgres.with_name("postgres.restoring"), until)
        try:
            last, position, recorded_at = _stopped(restored)
        except psycopg.errors.UndefinedTable:
            shutil.rmtree(restored.folder)
            raise Misconfigured(f"{base.folder} has no register: restore from another folder") from None
        _put(restored, postgres, base)
    except OSError as error:
        raise Misconfigured(f"the backup cannot be restored: {error.filename}: {error.strerror}") from None
    return RestoreReport(
        base=base.folder,
        last_transaction_at=last,
        position=position,
        recorded_at=recorded_at,
        seconds=time.monotonic() - began,
    )


def _chosen(folder: Path, until: datetime | None) -> BaseBackup:
    """The newest base backup that is not later than the instant."""
    found = base_backups(folder)
    if not found:
        raise Misconfigured(f"{folder} has no backup")
    usable = [each for each in found if until is None or each.ended_at <= until]
    if not usable:
        raise Misconfigured(f"--at is before the oldest backup in {folder}, of {iso_time(found[0].ended_at)}")
    return usable[-1]


def _replayed(base: BaseBackup, folder: Path, until: datetime | None) -> Cluster:
    """A running server in a new folder that has replayed the WAL up to the instant, and accepts writes."""
    settings = {
        "hot_standby": "off",
        "restore_command": restore_command(base.folder.parent),
        "recovery_target_timeline": "current",
        "recovery_target_action": "promote",
    }
    if until is not None:
        settings["recovery_target_time"] = until.astimezone(UTC).isoformat()
    if folder.exists():
        _cluster(folder, {}).stop()
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    cluster = _cluster(folder, settings)
    shutil.copytree(base.cluster, cluster.data)
    verify(cluster.data)
    (cluster.data / "recovery.signal").touch()
    try:
        cluster.start(LONGEST)
        while not cluster.answers():
            if cluster.is_dead():
                raise Misconfigured(f"the backup cannot be replayed; see {cluster.log}")
            time.sleep(POLL)
    except BaseException as error:
        cluster.stop()
        if isinstance(error, Misconfigured) and ENDED_BEFORE in cluster.log.read_text(errors="replace"):
            shutil.rmtree(folder)
            raise Misconfigured(
                "no transaction after --at is in the backups: without --at, all that they hold is restored"
            ) from None
        raise
    return cluster


def _cluster(folder: Path, settings: Mapping[str, str]) -> Cluster:
    return Cluster(find_programs(), folder, socket_folder(folder), settings)


def _stopped(cluster: Cluster) -> tuple[datetime | None, int, datetime | None]:
    """Stops the server. The last transaction that was replayed, and position and instant of the newest event."""
    try:
        with psycopg.connect(cluster.url(SUPERUSER)) as connection:
            last = connection.execute(LAST_TRANSACTION).fetchone()
            newest = connection.execute(NEWEST).fetchone() or (0, None)
    finally:
        cluster.stop()
    assert last is not None
    return last[0], *newest


def _put(cluster: Cluster, postgres: Path, base: BaseBackup) -> None:
    """Puts the stopped server into its place. It archives nothing until its first backup."""
    postgres.mkdir(mode=0o700, exist_ok=True)
    (postgres / ARCHIVING).unlink(missing_ok=True)
    cluster.data.rename(postgres / "cluster")
    for key in keys_in(base.folder):
        existing = postgres.parent / key.name
        if not existing.exists():
            shutil.copy2(key, existing)
        elif existing.read_bytes() != key.read_bytes():
            log.warning(
                "%s stays, but is not the key of the backup, %s: what is signed with that is refused", existing, key
            )
    shutil.rmtree(cluster.folder)
