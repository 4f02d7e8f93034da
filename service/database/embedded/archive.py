"""The folder of a register's backups.

    FOLDER/SERIES/INSTANT/cluster    a base backup: the data as of that instant, when it was complete
    FOLDER/SERIES/INSTANT/token.key, webhook.key  the keys of tokens and of webhooks
    FOLDER/SERIES/wal                what was written since the first of them

A series is archived by one server only. A restored server begins another one, since what it writes takes the place of
what was lost.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from service.database.embedded.binaries import Programs
from service.database.embedded.cluster import ARCHIVING, quoted
from service.database.embedded.manifest import system_identifier
from service.errors import Misconfigured

WAL: Final = "wal"
CLUSTER: Final = "cluster"
UNFINISHED: Final = "unfinished"
"""A base backup that is being made or removed. The next backup to the series removes what is left of it."""
INSTANT: Final = "%Y%m%dT%H%M%S.%fZ"
LONGEST_WAIT: Final = 60
"""Seconds until WAL is archived although its segment is not full: what is lost at most with the disk."""


@dataclass(frozen=True, slots=True)
class BaseBackup:
    """folder: FOLDER/SERIES/INSTANT. ended_at: its instant; it can be restored to any later one."""

    folder: Path
    ended_at: datetime

    @property
    def cluster(self) -> Path:
        return self.folder / CLUSTER

    @property
    def wal(self) -> Path:
        return self.folder.parent / WAL

    @property
    def first_segment(self) -> str:
        """The name of the first WAL segment that it needs."""
        found = re.search(r"^START WAL LOCATION: \S+ \(file (\w+)\)", (self.cluster / "backup_label").read_text())
        if found is None:
            raise Misconfigured(f"{self.cluster / 'backup_label'} does not say where its WAL begins")
        return found[1]


def base_backups(folder: Path) -> list[BaseBackup]:
    """The complete base backups in a folder, oldest first."""
    return sorted(_base_backups(folder), key=lambda each: each.ended_at)


def _base_backups(folder: Path) -> Iterator[BaseBackup]:
    for cluster in folder.glob(f"*/*/{CLUSTER}"):
        try:
            ended_at = datetime.strptime(cluster.parent.name, INSTANT).replace(tzinfo=UTC)
        except ValueError:
            continue
        yield BaseBackup(cluster.parent, ended_at)


def remove_all_but(newest: int, folder: Path, system: int, programs: Programs, log: Path) -> list[BaseBackup]:
    """Removes older base backups of a register, and the WAL that only they need. Returns them.

    system: its system identifier. Raises Misconfigured.
    """
    found = [each for each in base_backups(folder) if system_identifier(each.cluster) == system]
    removed, kept = found[:-newest], found[-newest:]
    for each in removed:
        unfinished = each.folder.with_name(UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(each.folder.rename(unfinished))
    for series in {each.folder.parent for each in removed}:
        needed = next((each for each in kept if each.folder.parent == series), None)
        if needed is None:
            shutil.rmtree(series)
        else:
            arguments = ["--strip-extension=.gz", str(needed.wal), needed.first_segment]
            programs.run("pg_archivecleanup", arguments, log=log)
    return removed


def series_in_use(postgres: Path) -> Path | None:
    """The series to which the server in this folder archives its WAL."""
    first = (postgres / ARCHIVING).read_text().partition("\n")[0]
    return Path(first.removeprefix("# ")) if first else None


def write_archiving(postgres: Path, series: Path) -> None:
    """Makes the server in this folder archive its WAL to a series, once it reads its settings again."""
    settings = {"archive_command": archive_command(series), "archive_timeout": f"{LONGEST_WAIT}s"}
    lines = [f"# {series}", *(f"{name} = {quoted(value)}" for name, value in settings.items())]
    new = postgres / f"{ARCHIVING}.new"
    new.write_text("\n".join(lines) + "\n")
    new.rename(postgres / ARCHIVING)


def archive_command(series: Path) -> str:
    """A file appears under its name only when it is complete, and is never replaced by another one."""
    wal = _shell_word(series / WAL)
    file = f"{wal}/%f.gz"
    return (
        f'if test -f {file}; then gzip -dc {file} | cmp -s - "%p"; '
        f'else gzip -1nc "%p" > {file}.part && sync {file}.part && mv {file}.part {file} && sync {wal}; fi'
    )


def restore_command(series: Path) -> str:
    """A missing file is the end of the WAL; a damaged one ends the restore."""
    file = f"{_shell_word(series / WAL)}/%f.gz"
    return f'test -f {file} || exit 1; gzip -dc {file} > "%p" || exit 126'


def _shell_word(path: Path) -> str:
    return shlex.quote(str(path)).replace("%", "%%")
