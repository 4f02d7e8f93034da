"""A benchmark that is killed leaves no server and no data behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

ROOT = Path(__file__).parents[2]
BENCHMARK = """
import sys, threading
from pathlib import Path
import psycopg
from benchmarks import server, serving
from service.database.migrations import migrate
from tests.waiting import until

WORKS = "SELECT FROM projections.checkpoints WHERE state = 'RUNNING'"

server.ON_DISK = Path(sys.argv[1])
if __name__ == "__main__":
    with server.durable_server() as urls:
        migrate(urls.owner)
        with serving.mandate(urls), psycopg.connect(urls.owner, autocommit=True) as connection:
            until(lambda: connection.execute(WORKS).fetchone() is not None, seconds=120)
            print("ready", flush=True)
            threading.Event().wait()
"""


def running(mark: str) -> list[int]:
    """The processes whose command line or environment names the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in said:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at /proc")
def test_a_killed_benchmark_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "benchmark.py").write_text(BENCHMARK)
    data = tmp_path / "data"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BENCHMARK_MARK": str(data)}
    command = [sys.executable, str(tmp_path / "benchmark.py"), str(data)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert len(running(str(data))) >= 5, "itself, PostgreSQL, the guard, the API and the worker"
        process.send_signal(signal.SIGKILL)
    until(lambda: not running(str(data)), seconds=60)
    assert list(data.iterdir()) == []
