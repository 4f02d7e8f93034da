"""A file is there once it is whole, whatever happens to whoever writes it."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from service.exchange.exports.atomic_file import checked, database_beside, replacing
from service.exchange.visible_log.refused import ExportRefused

WRITING = """
import sys
from pathlib import Path
from service.exchange.exports.atomic_file import database_beside, replacing
target = Path(sys.argv[1])
with database_beside(target) as (database, _), replacing(target) as file:
    database.execute("CREATE TABLE half (written TEXT)")
    database.executemany("INSERT INTO half VALUES (?)", (("half" * 999,) for _ in range(999)))
    file.write(b"half" * 1_000_000)
    file.flush()
    print("half", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text("what was there before")
    return path


@pytest.fixture(params=["without a name", "with a name"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a file is written where the system can write one without a name, and where it cannot."""
    if request.param == "with a name":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


@pytest.mark.usefixtures("either_way")
def test_a_new_file_replaces_the_old_at_the_end(target: Path) -> None:
    with replacing(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_text() == "what was there before"
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.usefixtures("either_way")
def test_an_error_leaves_the_old_file(target: Path) -> None:
    with pytest.raises(TypeError), replacing(target) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert target.read_text() == "what was there before"
    assert list(target.parent.iterdir()) == [target]


def test_a_killed_export_leaves_no_file(target: Path) -> None:
    command = [sys.executable, "-c", WRITING, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    assert list(target.parent.iterdir()) == [target]
    assert target.read_text() == "what was there before"


def test_a_database_is_read_as_it_was_written_and_then_gone(tmp_path: Path) -> None:
    with database_beside(tmp_path / "log.sqlite") as (connection, file):
        connection.execute("CREATE TABLE written (what TEXT)")
        connection.execute("INSERT INTO written VALUES ('all of it')")
        copied = tmp_path / "copied.sqlite"
        copied.write_bytes(file.read())
    assert list(tmp_path.iterdir()) == [copied]
    with sqlite3.connect(copied) as database:
        assert database.execute("SELECT what FROM written").fetchall() == [("all of it",)]


def test_a_link_is_followed(target: Path) -> None:
    link = target.with_name("link.csv")
    link.symlink_to(target)
    with replacing(checked(str(link))) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_an_unwritable_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportRefused, match=r"there is no folder .*/missing: make it first"):
        checked(str(tmp_path / "missing" / "export.csv"))
    for no_file in (str(tmp_path), os.devnull):
        with pytest.raises(ExportRefused, match="is no file: name one"):
            checked(no_file)
