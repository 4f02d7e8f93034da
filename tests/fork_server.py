"""Processes forked from one that has imported the program: importing takes most of the time of a start.

Each is a process of its own, with its own environment and output, killed and waited for like any other. What a start
imports, and the command of a start, are tested with processes that are started afresh.

The server is started on first use, once for each process of pytest. It reads one request at a time from a Unix socket
and ends with it. It has no threads: only then may a process be forked that goes on to have some.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import IO, Any, Final

from tests.waiting import until

LONGEST: Final = 1 << 20
"""Bytes of a request: arguments and environment."""


class Forked:
    """A process that runs a module as a program; the methods are those of `subprocess.Popen`."""

    def __init__(self, server: "_Server", pid: int) -> None:
        self._server = server
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.ask({"status": self.pid})
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        with suppress(AssertionError):
            until(lambda: self.poll() is not None, seconds=timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    module: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    stdout: IO[Any] | None = None,
    stderr: IO[Any] | None = None,
) -> Forked:
    """`python -m module arguments`. Output that is not given is discarded."""
    with Path(os.devnull).open("r+b") as nothing:
        files = [nothing.fileno(), *((each or nothing).fileno() for each in (stdout, stderr))]
        request = {"module": module, "arguments": arguments, "environment": dict(os.environ if env is None else env)}
        return Forked(_server(), _server().ask(request, files))


def run(
    module: str, *arguments: str, env: Mapping[str, str] | None = None, check: bool = True, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Its output as text, once it has ended."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        status = start(module, *arguments, env=env, stdout=stdout, stderr=stderr).wait(timeout)
        for file in (stdout, stderr):
            file.seek(0)
        done = subprocess.CompletedProcess([module, *arguments], status, stdout.read(), stderr.read())
    assert not check or status == 0, done
    return done


class _Server:
    def __init__(self) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        command = [sys.executable, "-m", "tests.fork_server", str(its.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[its.fileno()])
        its.close()
        self._socket = ours
        self._answers = ours.makefile("rb")
        self._asking = threading.Lock()

    def ask(self, request: dict[str, Any], files: list[int] | None = None) -> Any:
        said = json.dumps(request).encode() + b"\n"
        with self._asking:
            sent = socket.send_fds(self._socket, [said], files or [])
            self._socket.sendall(said[sent:])
            return json.loads(self._answers.readline())

    def end(self) -> None:
        self._answers.close()
        self._socket.close()
        self._process.wait(10)


@cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.end)
    return server


def _serve(connection: socket.socket) -> tuple[str, list[str]] | None:
    """In the server: None, once the other side has gone. In a forked process: its module and arguments."""
    while request := _received(connection):
        content, files = request
        if "status" in content:
            answer: int | None = _status(content["status"])
        elif child := os.fork():
            answer = child
        else:
            connection.close()
            _become(content["environment"], files)
            return content["module"], content["arguments"]
        for file in files:
            os.close(file)
        connection.sendall(json.dumps(answer).encode() + b"\n")
    return None


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    said, files = b"", list[int]()
    while not said.endswith(b"\n"):
        part, more, _, _ = socket.recv_fds(connection, LONGEST, 3)
        if not part:
            return None
        said += part
        files += more
    return json.loads(said), files


def _status(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(environment: dict[str, str], files: list[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)


def _import_the_program() -> None:
    for name in ("domain", "projections", "service"):
        package = import_module(name)
        for found in walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                import_module(found.name)
    assert threading.active_count() == 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    _import_the_program()
    gc.freeze()
    if program := _serve(socket.socket(fileno=int(sys.argv[1]))):
        gc.enable()
        sys.argv = [program[0], *program[1]]
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
