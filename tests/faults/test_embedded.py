"""The embedded server: several processes, one server; the last stops it, and no kill leaves what stops the next."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from service.database.embedded import embedded_postgres
from service.database.embedded.binaries import find_programs
from service.database.embedded.cluster import Cluster, is_postgres, socket_folder
from service.database.embedded.memory import shared_buffers
from service.errors import Misconfigured

pytestmark = pytest.mark.faults

FAST = {"fsync": "off", "shared_buffers": "16MB"}
USER = """
import sys
from pathlib import Path
from service.database.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), {"fsync": "off", "shared_buffers": "16MB"}) as urls:
    print(urls.api, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder whose path is short, and whose server is gone afterwards whatever a test did."""
    with TemporaryDirectory() as folder:
        yield Path(folder)
        end(Path(folder), signal.SIGKILL)


def server(data: Path) -> int | None:
    """The number of the server's process, if one runs."""
    try:
        process = int((data / "postgres/cluster/postmaster.pid").read_text().split()[0])
    except OSError:
        return None
    return process if is_postgres(process) else None


def end(data: Path, signal_: signal.Signals) -> None:
    process = server(data)
    if process is not None:
        os.kill(process, signal_)


def user(data: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server, until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def test_it_is_stopped_and_started_with_what_it_held(data: Path) -> None:
    for expected in (1, 2):
        with embedded_postgres(data, FAST) as urls:
            assert count(urls.owner) == expected
        assert server(data) is None


def test_only_the_owner_can_connect(data: Path) -> None:
    with embedded_postgres(data, FAST) as urls, psycopg.connect(urls.owner) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        assert stat.S_IMODE(Path(connection.info.host).stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700


def test_it_keeps_as_much_memory_as_is_its_share(data: Path) -> None:
    kept = "SELECT setting::bigint * 8192 / 1048576 || 'MB' FROM pg_settings WHERE name = 'shared_buffers'"
    with embedded_postgres(data) as urls, psycopg.connect(urls.owner) as connection:
        assert connection.execute(kept.encode()).fetchone() == (shared_buffers(),)


def test_it_is_durable_unless_a_test_says_otherwise(data: Path) -> None:
    with embedded_postgres(data) as urls, psycopg.connect(urls.owner) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}".encode()).fetchone() == ("on",)


def test_processes_share_it_and_the_last_one_stops_it(data: Path) -> None:
    first, second = user(data), user(data)
    running = server(data)
    first.communicate()
    assert server(data) == running is not None
    with embedded_postgres(data, FAST) as urls:
        second.communicate()
        assert server(data) == running
        assert count(urls.owner) == 1
    assert server(data) is None


def test_a_killed_user_is_forgotten_and_its_server_taken_over(data: Path) -> None:
    killed = user(data)
    running = server(data)
    killed.kill()
    killed.communicate()
    with embedded_postgres(data, FAST) as urls:
        assert server(data) == running is not None
        assert count(urls.owner) == 1
    assert server(data) is None


def test_a_killed_server_is_started_again_with_what_was_committed(data: Path) -> None:
    with embedded_postgres(data, FAST) as urls:
        assert count(urls.owner) == 1
        end(data, signal.SIGKILL)
        with embedded_postgres(data, FAST) as again:
            assert count(again.owner) == 2
    assert server(data) is None


def test_the_number_of_a_dead_server_may_be_anothers_by_now(data: Path) -> None:
    with embedded_postgres(data, FAST):
        left = data / "postgres/cluster/postmaster.pid"
        content = left.read_text().split("\n")
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as foreign:
        content[0] = str(foreign.pid)
        left.write_text("\n".join(content))
        lock = data / "postgres/socket/.s.PGSQL.5432.lock"
        lock.write_text("\n".join(content))
        with embedded_postgres(data, FAST) as urls:
            assert count(urls.owner) == 1
        assert foreign.poll() is None
        foreign.communicate()


def test_an_incomplete_cluster_is_created_again(data: Path) -> None:
    half = data / "postgres/cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with embedded_postgres(data, FAST) as urls:
        assert count(urls.owner) == 1
    assert not half.exists()


def test_a_long_path_has_its_socket_elsewhere(data: Path) -> None:
    deep = data / ("x" * 100)
    with embedded_postgres(deep, FAST) as urls:
        assert count(urls.owner) == 1
        with psycopg.connect(urls.owner) as connection:
            socket = Path(connection.info.host)
            assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert len(os.fsencode(socket)) < 90
    assert not socket.exists()


def test_a_moved_folder_starts_where_it_is_now(data: Path) -> None:
    with embedded_postgres(data / "a 'quoted', place", FAST) as urls:
        assert count(urls.owner) == 1
    (data / "a 'quoted', place").rename(data / "elsewhere")
    with embedded_postgres(data / "elsewhere", FAST) as urls:
        assert count(urls.owner) == 2


@pytest.mark.parametrize("broken", ["a file in its place", "another version", "a broken cluster"])
def test_a_failed_start_is_reported_in_one_line(data: Path, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.database.embedded.cluster.PATIENCE", 0.5)
    cluster = data / "postgres/cluster"
    if broken == "a file in its place":
        (data / "postgres").write_text("")
    else:
        cluster.mkdir(parents=True)
        (cluster / "PG_VERSION").write_text("17\n" if broken == "another version" else "18\n")
    with pytest.raises(Misconfigured) as raised, embedded_postgres(data, FAST):
        pass
    assert "\n" not in str(raised.value)


def test_a_process_that_is_none_is_no_postgres() -> None:
    assert not is_postgres(0)
    assert not is_postgres(os.getpid())
    assert not is_postgres(2**22 + 1)


def test_a_server_that_is_away_does_not_answer(data: Path) -> None:
    assert not Cluster(find_programs(), data, socket_folder(data), {}).answers()
