"""Files that are there once they are whole: whoever is killed, or runs out of space, leaves what was there before.

A file is written without a name where the system can (Linux, O_TMPFILE), so that not even kill -9 leaves a part of it;
elsewhere under a name of its own beside the target. What is exported may be for few eyes: only the owner can read it.
"""

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from service.exchange.visible_log.refused import ExportRefused

STDOUT: Final = "-"
MODE: Final = 0o600
CACHE: Final = 8_192
"""KiB of a database that SQLite keeps in memory."""


def checked(output: str) -> Path:
    """Where the file goes. Raises Refused where it cannot be written there."""
    target = Path(output).resolve()
    if not target.parent.is_dir():
        raise ExportRefused(f"there is no folder {target.parent}: make it first")
    if target.exists() and not target.is_file():
        raise ExportRefused(f"{target} is no file: name one")
    if not os.access(target.parent, os.W_OK):
        raise ExportRefused(f"the folder {target.parent} cannot be written")
    return target


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """What is written takes the target's place at the end, and never if anything is raised before. Raises OSError."""
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        descriptor, name = _open(target, folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
                if name is None:
                    name = _named(target)
                    os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=folder, dst_dir_fd=folder)
            os.replace(name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
            name = None
            os.fsync(folder)
        finally:
            if name is not None:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
    finally:
        os.close(folder)


@contextmanager
def database_beside(target: Path) -> Iterator[tuple[sqlite3.Connection, BinaryIO]]:
    """A new SQLite database in the target's folder, gone at the end or when killed, and its file for reading.

    It has no journal: whoever fails half-way starts anew. It has a name only while it is opened.
    """
    with _in_the_name_of(target):
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(descriptor, "rb") as file:
        try:
            connection = sqlite3.connect(name, isolation_level=None)
            tune(connection)
            connection.execute("PRAGMA user_version = 0")
        finally:
            Path(name).unlink()
        try:
            yield connection, file
        finally:
            connection.close()


def tune(connection: sqlite3.Connection) -> None:
    """Fast and bounded, for a database that nobody else opens and that need not survive a failure."""
    for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
        connection.execute(f"PRAGMA {pragma}")


def copy(source: BinaryIO, target: BinaryIO) -> None:
    """All of the source, from its beginning."""
    source.seek(0)
    shutil.copyfileobj(source, target, 1 << 20)


def _open(target: Path, folder: int) -> tuple[int, str | None]:
    """A new file in the folder, and its name where it has to have one."""
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        with suppress(OSError):
            return os.open(".", os.O_TMPFILE | os.O_WRONLY, MODE, dir_fd=folder), None
    name = _named(target)
    with _in_the_name_of(target):
        return os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE, dir_fd=folder), name


@contextmanager
def _in_the_name_of(target: Path) -> Iterator[None]:
    """An error names the file that was asked for, not the one that becomes it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None


def _named(target: Path) -> str:
    return f".{target.name}.{uuid4().hex}.part"
