"""A served register that is backed up, destroyed with its folder, and restored to an instant."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from service.database.embedded.archive import base_backups
from service.database.embedded.cluster import is_postgres, socket_folder
from service.database.embedded.restore import restore
from service.errors import Misconfigured
from tests.databases import MEMORY
from tests.e2e.serving import Served, serve
from tests.waiting import until

REGISTER = """mutation ($code: String!) { registerAuthority(input: {code: $code, name: $code}) {
  __typename ... on AuthorityRecorded { position } } }"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def register(token: str, served: Served, code: str) -> Any:
    return served.data(token, REGISTER, code=code)["registerAuthority"]


def archive(data: Path, backups: Path) -> None:
    """Ends the segment of the WAL, and waits until it is in the backup folder."""
    host = quote(str(socket_folder(data / "postgres")), safe="")
    with psycopg.connect(f"postgresql://postgres@/mandate?host={host}", autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        connection.execute("SELECT pg_switch_wal()")
    assert row is not None
    until(lambda: list(backups.glob(f"*/wal/{row[0]}.gz")))


def destroy(served: Served, data: Path) -> None:
    """Kills API and PostgreSQL, and removes their folder."""
    postmaster = int((data / "postgres/cluster/postmaster.pid").read_text().split()[0])
    served.process.kill()
    served.process.wait(10)
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: not is_postgres(postmaster))
    shutil.rmtree(data)


@pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="looks at /proc")
def test_a_register_is_restored_to_an_instant(folder: Path) -> None:
    data, backups = folder / "data", folder / "backups"
    with serve(folder, "--no-worker", ready="live") as served:
        token = served.token("clerk", "desk", "administrator")
        register(token, served, "desk")
        served.run("backup", str(backups))
        kept = register(token, served, "kept")["position"]
        instant = datetime.now(UTC)
        lost = register(token, served, "lost")
        archive(data, backups)
        destroy(served, data)
    ran = served.run("restore", str(backups), "--at", instant.isoformat(), "--json")
    assert str(json.loads(ran.stdout)["position"]) == kept
    with serve(folder, "--no-worker", ready="live") as served:
        assert f"failed over after position {kept}" in served.log.read_text()
        assert register(token, served, "kept")["__typename"] == "InvalidInput"
        assert register(token, served, "lost") == lost, "the position belongs to another event now"
        with pytest.raises(Misconfigured, match="has a register"):
            restore(data, backups)
        [lost_series] = {each.folder.parent for each in base_backups(backups)}
        served.run("backup", str(backups), "--keep", "1")
        assert lost_series not in {each.folder.parent for each in base_backups(backups)}, "another series of the same"
