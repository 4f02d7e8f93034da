"""Processes killed for real, and what the next start takes over."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.cli import main
from tests.e2e.serving import Served, serve
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
    """Whether a view has it. A worker that was just started takes a while to start on a busy machine."""
    clerk = served.token("clerk", "desk", "administrator")
    _, answer = served.post(clerk, AUTHORITY, code=code, at=position)
    return bool((answer.get("data") or {}).get("authority"))


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
def test_what_is_killed_is_started_again(tmp_path: Path) -> None:
    """The worker, then PostgreSQL. The server listens on every address, since a setting allows it."""
    with serve(tmp_path, "--host", "0.0.0.0", "--allow-embedded-key") as served:
        [worker] = children(served.process.pid)
        os.kill(worker, signal.SIGKILL)
        first = register(served, "first")
        until(lambda: children(served.process.pid) not in ([], [worker]))
        until(lambda: served.health() == 200)
        until(lambda: shown(served, "first", first), seconds=90)
        postmaster = int((tmp_path / "data/postgres/cluster/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        until(lambda: not alive(postmaster))
        until(lambda: served.health() == 200, seconds=90)
        assert shown(served, "first", first)
        second = register(served, "second")
        until(lambda: shown(served, "second", second), seconds=90)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_start_takes_over_what_a_killed_server_left(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        position = register(served, "first")
        [worker] = children(served.process.pid)
        served.process.kill()
        served.process.wait(10)
        until(lambda: not alive(worker))
    with serve(tmp_path) as served:
        assert shown(served, "first", position)
        second = register(served, "second")
        until(lambda: shown(served, "second", second), seconds=90)


def test_a_port_in_use_is_reported_in_one_line(served: Served) -> None:
    ran = served.run("serve", "--no-worker", "--port", served.url.rsplit(":", 1)[1], check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("mandate: ")
    assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr


def test_sigterm_drains_and_ends_cleanly(tmp_path: Path) -> None:
    """An API that is started on the same data without a worker serves, and is not ready."""
    with serve(tmp_path) as served:
        workers = children(served.process.pid)
        register(served, "first")
        until(lambda: served.invoke("status").exit_code == 0)
        served.process.terminate()
        assert served.process.wait(30) == 0, served.log.read_text()
        assert not [worker for worker in workers if alive(worker)]
    logged = served.log.read_text()
    assert "Traceback" not in logged
    lines = [json.loads(line) for line in logged.splitlines()]
    assert lines
    assert all(line.keys() >= {"time", "level", "logger", "message"} for line in lines)
    with serve(tmp_path, "--no-worker", ready="live", MANDATE_STUCK_AFTER="1") as alone:
        until(lambda: alone.health() == 503)
        assert alone.health("ready/commands") == 200
        assert alone.health("ready/reads") == 503
        register(alone, "second")
        said = alone.run("status", check=False)
        assert said.returncode == 1
        assert said.stdout.splitlines()[0].split("\t")[3:] == ["events behind", "seconds behind", "parked", "rebuild"]


def test_the_embedded_key_is_for_this_machine_alone(tmp_path: Path) -> None:
    environment = {**os.environ, "MANDATE_DATA_DIR": str(tmp_path / "data")}
    ran = subprocess.run(
        [sys.executable, "-m", "service.cli", "serve", "--host", "0.0.0.0", "--port", "0"],
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


Invoked = Callable[..., tuple[int, str]]


@pytest.fixture
def invoked(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Invoked]:
    """Runs `mandate` in this process: (environment, *arguments) -> exit status and what it writes to stderr."""
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level

    def run(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
        for name in [name for name in os.environ if name.startswith("MANDATE_")]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["mandate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capfd.readouterr().err

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


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
def test_a_misconfiguration_is_reported_in_one_line(invoked: Invoked, environment: dict[str, str], said: str) -> None:
    status, error = invoked(environment, "serve", "--port", "0")
    assert status == 2
    assert said in error
    assert len(error.strip().splitlines()) == 1, error


def test_an_unreachable_database_is_reported_in_one_line(invoked: Invoked, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 64)
    environment = {
        "MANDATE_DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "MANDATE_TOKEN_KEY_FILE": str(tmp_path / "key"),
    }
    for command in (["serve", "--port", "0"], ["migrate"], ["status"], ["rebuild"]):
        status, error = invoked(environment, *command)
        assert status in (2, 3), (command, error)
        assert len(error.strip().splitlines()) == 1, error
