"""Processes killed for real, and what the next start takes over."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.serving import MANDATE, Served, free_port, serve
from tests.waiting import until

REGISTER = """mutation ($code: String!) { registerAuthority(input: {code: $code, name: $code}) {
  __typename ... on AuthorityRecorded { position } ... on Refusal { message } } }"""
AUTHORITY = "query ($code: String!, $at: Position) { authority(code: $code, atLeast: $at) { code } }"


def register(served: Served, code: str) -> str:
    """Registers an authority and returns the position."""
    clerk = served.token("clerk", code, "administrator")
    answer = served.data(clerk, REGISTER, code=code)["registerAuthority"]
    assert answer["__typename"] == "AuthorityRecorded", answer
    return str(answer["position"])


def shown(served: Served, code: str, position: str) -> bool:
    clerk = served.token("clerk", "desk", "administrator")
    return bool(served.data(clerk, AUTHORITY, code=code, at=position)["authority"])


def children(process: int) -> list[int]:
    """The processes that a process started."""
    listed = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for thread in listed for child in thread.read_text().split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_killed_worker_is_started_again(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        [worker] = children(served.process.pid)
        os.kill(worker, signal.SIGKILL)
        position = register(served, "first")
        until(lambda: children(served.process.pid) not in ([], [worker]))
        until(lambda: served.health() == 200)
        assert shown(served, "first", position)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_killed_server_leaves_nothing_that_the_next_start_does_not_take_over(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        position = register(served, "first")
        [worker] = children(served.process.pid)
        served.process.kill()
        served.process.wait(10)
        until(lambda: not alive(worker))
    with serve(tmp_path) as served:
        assert shown(served, "first", position)
        assert shown(served, "second", register(served, "second"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_killed_postgresql_is_started_again(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        position = register(served, "first")
        postmaster = int((tmp_path / "data/postgres/cluster/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        until(lambda: not alive(postmaster))
        until(lambda: served.health() == 200, seconds=90)
        assert shown(served, "first", position)
        assert shown(served, "second", register(served, "second"))


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        ran = served.run("serve", "--no-worker", "--port", served.url.rsplit(":", 1)[1], check=False)
        assert ran.returncode == 2
        assert ran.stderr.startswith("mandate: ")
        assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr


def test_sigterm_drains_and_ends_cleanly(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        workers = children(served.process.pid)
        register(served, "first")
        served.process.terminate()
        assert served.process.wait(30) == 0, served.log.read_text()
        assert not [worker for worker in workers if alive(worker)]
    assert "Traceback" not in served.log.read_text()


def test_without_a_worker_the_api_serves_and_is_not_ready(tmp_path: Path) -> None:
    with serve(tmp_path) as other:
        until(lambda: other.run("status", check=False).returncode == 0)
        table = other.run("status").stdout
        assert "events behind │ seconds behind │ parked │ rebuild" in " ".join(table.replace("┃", "│").split())
    port = free_port()
    environment = {**other.environment, "MANDATE_STUCK_AFTER": "1"}
    process = subprocess.Popen(
        [*MANDATE, "serve", "--no-worker", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    served = Served(f"http://127.0.0.1:{port}", environment, process, tmp_path / "none")
    try:
        until(lambda: served.health("live") == 200, seconds=60)
        until(lambda: served.health() == 503)
        assert served.health("ready/commands") == 200
        assert served.health("ready/reads") == 503
        register(served, "first")
        assert served.run("status", check=False).returncode == 1
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_embedded_key_is_for_this_machine_alone(tmp_path: Path, host: str) -> None:
    environment = {**os.environ, "MANDATE_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(
        [*MANDATE, "serve", "--host", host, "--port", "0"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, len(ran.stderr.strip().splitlines())) == (2, 1), ran.stderr
    assert "MANDATE_TOKEN_KEY_FILE" in ran.stderr
    assert "--allow-embedded-key" in ran.stderr
    assert not (tmp_path / "data").exists()


def test_unless_it_is_allowed_to_be_more(tmp_path: Path) -> None:
    with serve(tmp_path, "--host", "0.0.0.0", "--allow-embedded-key", "--no-worker", ready="live") as served:
        assert served.health("live") == 200


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MANDATE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "MANDATE_TOKEN_KEY_FILE"),
        ({"MANDATE_PORT": "many"}, "MANDATE_PORT"),
        ({"MANDATE_DATABASE_URL": "garbage secret"}, "MANDATE_DATABASE_URL"),
        ({"MANDATE_DATA_DIR": "/proc/none"}, "MANDATE_DATA_DIR"),
        ({"MANDATE_ISSUERS": "/proc/none"}, "MANDATE_ISSUERS"),
        ({"MANDATE_TOKEN_LIFETIME": "86401"}, "MANDATE_TOKEN_LIFETIME"),
    ],
)
def test_what_is_misconfigured_is_said_in_one_line(environment: dict[str, str], said: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")}
    ran = subprocess.run(
        [*MANDATE, "serve", "--port", "0"],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert said in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr


def test_a_database_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 64)
    environment = {
        **os.environ,
        "MANDATE_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "MANDATE_TOKEN_KEY_FILE": str(tmp_path / "key"),
    }
    for command in (["serve", "--port", "0"], ["migrate"], ["status"], ["rebuild"]):
        ran = subprocess.run(
            [*MANDATE, *command], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode in (2, 3), (command, ran.stderr)
        assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr
