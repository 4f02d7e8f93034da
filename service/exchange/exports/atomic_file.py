"""Atomic file replacement: on a crash or a full disk, the previous file is kept.

On Linux, a file is written without a name (O_TMPFILE), so that even kill -9 leaves no partial file. Elsewhere a
temporary file next to the target is used. Only the owner can read the file, because exports can be confidential.
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
"""SQLite page cache, in KiB."""


def checked(output: str) -> Path:
    """The absolute target path. Raises ExportRefused if no file can be written there."""
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
    """A file that replaces the target on success; on an exception, the target is unchanged. Raises OSError."""
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        descriptor, name = _open(target, folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
                if name is None:
                    name = _temporary_name(target)
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
    """A temporary SQLite database in the target's folder, and its file for reading.

    The file is unlinked right after opening, so that it disappears when the process ends. There is no journal.
    """
    with _errors_name_target(target):
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
    """Sets pragmas for a private, temporary database: no journal, no sync, bounded cache."""
    for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
        connection.execute(f"PRAGMA {pragma}")


def copy(source: BinaryIO, target: BinaryIO) -> None:
    """Copies the whole source."""
    source.seek(0)
    shutil.copyfileobj(source, target, 1 << 20)


def _open(target: Path, folder: int) -> tuple[int, str | None]:
    """A descriptor of a new file in the folder, and its name if it has one."""
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        with suppress(OSError):
            return os.open(".", os.O_TMPFILE | os.O_WRONLY, MODE, dir_fd=folder), None
    name = _temporary_name(target)
    with _errors_name_target(target):
        return os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE, dir_fd=folder), name


@contextmanager
def _errors_name_target(target: Path) -> Iterator[None]:
    """Replaces the temporary file's name in an OSError by the target."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None


def _temporary_name(target: Path) -> str:
    return f".{target.name}.{uuid4().hex}.part"
