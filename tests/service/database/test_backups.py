"""What a backup folder holds, what is removed from it, and what cannot be restored."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from service.cli.backup_commands import backup
from service.database.embedded import embedded_postgres
from service.database.embedded.archive import (
    archive_command,
    base_backups,
    remove_all_but,
    restore_command,
    write_archiving,
)
from service.database.embedded.backup import back_up
from service.database.embedded.binaries import find_programs
from service.database.embedded.manifest import system_identifier
from service.database.embedded.restore import restore
from service.database.migrations import migrate
from service.errors import Misconfigured
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.databases import CARELESS, MEMORY
from tests.waiting import until


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module", autouse=True)
def server(folder: Path) -> Iterator[DatabaseUrls]:
    """`data` is a register with one backup too many, and `backups` what is left. `empty`: from before it was one."""
    with embedded_postgres(folder / "data", CARELESS) as urls:
        assert urls.superuser is not None
        empty = folder / "empty/series/20240101T000000.000000Z/cluster"
        arguments = [
            f"--dbname={urls.superuser}",
            f"--pgdata={empty}",
            "--checkpoint=fast",
            "--manifest-checksums=SHA256",
        ]
        find_programs().run("pg_basebackup", arguments, log=folder / "data/postgres/postgresql.log")
        migrate(urls.owner)
        first = back_up(urls.superuser, folder / "data", folder / "backups")
        segments = set(folder.glob("backups/*/wal/*.gz"))
        second = back_up(urls.superuser, folder / "data", folder / "backups", keep=1)
        assert second.removed == [first.folder]
        assert segments - set(folder.glob("backups/*/wal/*.gz")), "what only the first one needs is removed"
        yield urls


def test_the_newest_are_kept(folder: Path) -> None:
    [kept] = base_backups(folder / "backups")
    assert (kept.wal / f"{kept.first_segment}.gz").exists()


def test_an_instant_before_the_oldest_cannot_be_restored(folder: Path) -> None:
    [kept] = base_backups(folder / "backups")
    with pytest.raises(Misconfigured, match="before the oldest backup"):
        restore(folder / "new", folder / "backups", kept.ended_at - timedelta(microseconds=1))


def test_an_instant_after_the_last_transaction_cannot_be_told_from_a_gap(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="no transaction after --at is in the backups"):
        restore(folder / "new", folder / "backups", datetime.now(UTC))
    assert not list((folder / "new").iterdir())
    assert restore(folder / "new", folder / "backups").position == 0


def test_a_backup_without_the_tables_of_a_register_is_not_restored(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="has no register: restore from another folder"):
        restore(folder / "without", folder / "empty")
    assert not list((folder / "without").iterdir())


def test_another_key_stays_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    [kept] = base_backups(folder / "backups")
    (kept.folder / "token.key").write_text("of the backup")
    key = folder / "keyed/token.key"
    key.parent.mkdir()
    key.write_text("another")
    restore(folder / "keyed", folder / "backups")
    assert key.read_text() == "another"
    assert f"{key} stays, but is not the key of the backup" in caplog.text


def test_a_backup_to_another_folder_warns_that_the_archive_ends(
    server: DatabaseUrls, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [kept] = base_backups(folder / "backups")
    assert not caplog.text
    try:
        back_up(server.superuser or "", folder / "data", folder / "second")
        assert f"the archive in {folder / 'backups'} ends here" in caplog.text
    finally:
        write_archiving(folder / "data/postgres", kept.folder.parent)
        with psycopg.connect(server.superuser or "") as connection:
            connection.execute("SELECT pg_reload_conf()")


def test_a_damaged_backup_is_not_restored(folder: Path) -> None:
    [kept] = base_backups(folder / "backups")
    damaged = kept.cluster / "global/pg_control"
    content = damaged.read_bytes()
    damaged.write_bytes(b"x" + content[1:])
    try:
        with pytest.raises(Misconfigured, match="global/pg_control is not as it was backed up"):
            restore(folder / "damaged", folder / "backups")
    finally:
        damaged.write_bytes(content)


def test_a_folder_without_a_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="has no backup"):
        restore(tmp_path / "new", tmp_path)


def test_a_data_folder_without_a_register_is_not_backed_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANDATE_DATABASE_URL", raising=False)
    monkeypatch.setenv("MANDATE_DATA_DIR", str(folder / "typo"))
    with pytest.raises(Misconfigured, match="typo has no register to back up: set MANDATE_DATA_DIR"):
        backup(folder / "backups", keep=1)
    assert not (folder / "typo").exists()


def test_a_server_without_the_tables_of_a_register_is_not_backed_up(server: DatabaseUrls, folder: Path) -> None:
    assert server.superuser is not None
    empty = server.superuser.replace("/mandate?", "/template1?")
    with pytest.raises(Misconfigured, match="has no register to back up"):
        back_up(empty, folder / "data", folder / "other")
    assert not (folder / "other").exists()


def test_a_folder_inside_the_data_folder_is_refused(server: DatabaseUrls, folder: Path) -> None:
    (folder / "link").symlink_to(folder / "data")
    for inside in (folder / "data", folder / "data/backups", folder / "link/backups"):
        with pytest.raises(Misconfigured, match="is inside the data folder"):
            back_up(server.superuser or "", folder / "data", inside)
    assert not (folder / "data/backups").exists()


def test_backups_of_another_register_are_neither_joined_nor_removed(server: DatabaseUrls, folder: Path) -> None:
    [kept] = base_backups(folder / "backups")
    manifest = kept.cluster / "backup_manifest"
    content = manifest.read_text()
    system = system_identifier(kept.cluster)
    assert system is not None
    manifest.write_text(content.replace(str(system), str(system + 1)))
    try:
        with pytest.raises(Misconfigured, match=f"has a backup of another register, {kept.folder}"):
            back_up(server.superuser or "", folder / "data", folder / "backups", keep=1)
        log = folder / "data/postgres/postgresql.log"
        shutil.copytree(kept.folder, newer := kept.folder.with_name("29990101T000000.000000Z"))
        manifest_of_newer = newer / "cluster/backup_manifest"
        manifest_of_newer.write_text(content)
        assert remove_all_but(1, folder / "backups", system, find_programs(), log) == []
        shutil.rmtree(newer)
    finally:
        manifest.write_text(content)


def test_health_warns_while_the_wal_is_not_archived(server: DatabaseUrls, folder: Path) -> None:
    [kept] = base_backups(folder / "backups")
    away = kept.wal.rename(folder / "away")
    with (
        closing(EventStore(server.api)) as store,
        psycopg.connect(server.superuser or "", autocommit=True) as superuser,
    ):
        assert store.archive_warning() is None
        superuser.execute("SELECT pg_create_restore_point('test'), pg_switch_wal()")
        until(lambda: "is not archived" in (store.archive_warning() or ""))
        away.rename(kept.wal)
        superuser.execute("SELECT pg_create_restore_point('test'), pg_switch_wal()")
        until(lambda: store.archive_warning() is None)


def test_a_segment_is_archived_once_and_never_replaced(tmp_path: Path) -> None:
    series = tmp_path / "a 'quoted' 100% series"
    (series / "wal").mkdir(parents=True)
    (tmp_path / "segment").write_text("content")

    def run(command: str, **names: str) -> int:
        for name, value in {"p": "segment", "f": "0001", **names}.items():
            command = command.replace(f"%{name}", value)
        return subprocess.run(
            ["sh", "-c", command.replace("%%", "%")], cwd=tmp_path, check=False, stderr=subprocess.DEVNULL
        ).returncode

    assert [run(archive_command(series)) for _ in range(2)] == [0, 0]
    (tmp_path / "segment").write_text("other")
    assert run(archive_command(series)) == 1
    assert run(restore_command(series), p="restored") == 0
    assert (tmp_path / "restored").read_text() == "content"
    assert run(restore_command(series), f="0002") == 1, "the end of what is archived"
    (series / "wal/0001.gz").write_text("damaged")
    assert run(restore_command(series)) == 126, "PostgreSQL gives up"
