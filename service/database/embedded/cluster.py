"""A PostgreSQL cluster on disk: created once, started, checked, stopped."""

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from service.database.embedded.binaries import MAJOR, Programs
from service.database.embedded.memory import shared_buffers
from service.errors import Misconfigured

SUPERUSER = "postgres"
DATABASE = "mandate"
PORT = 5432
LONGEST_SOCKET = 106
"""Maximum length of a socket path in bytes on every kernel."""
PATIENCE = 15.0
"""Seconds for a start. A killed server may remain a zombie, or hold its memory, for a while."""
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "archive_mode": "on",
    "archive_command": "true",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}
"""WAL is archived nowhere until the first backup, which sets another archive_command without a restart."""
ARCHIVING = "archive.conf"
"""File in the cluster's folder, beside the data and so in no backup: where WAL is archived to."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """folder: contains `cluster` (the data) and the log. sockets: the socket's folder, accessible to its owner only."""

    programs: Programs
    folder: Path
    sockets: Path
    settings: Mapping[str, str]

    @property
    def data(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.folder / "postgresql.log"

    @property
    def socket(self) -> Path:
        return self.sockets / f".s.PGSQL.{PORT}"

    def url(self, user: str, database: str = DATABASE) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def answers(self) -> bool:
        """Whether the server answers. A pid in a file proves nothing."""
        if not self.socket.exists():
            return False
        try:
            with psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def is_dead(self) -> bool:
        """Whether the server was killed, from its pid file and process, without a connection."""
        try:
            process = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return True
        return not is_postgres(process)

    def ensure_running(self) -> None:
        """Creates the cluster if it is missing, and starts it if it does not answer. The caller holds the gate lock.

        Raises Misconfigured.
        """
        if not self.data.exists():
            self._create()
        if self.answers():
            return
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise Misconfigured(f"{self.data} was made by PostgreSQL {found}, and this is {MAJOR}: dump and restore it")
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            self._remove_stale_lock_files()
            try:
                self.start()
            except Misconfigured:
                if self.answers():
                    return
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def start(self, seconds: int = 60) -> None:
        """Starts the server and waits until it answers. Raises Misconfigured if it does not within these seconds."""
        self._write_settings()
        arguments = ["start", f"--pgdata={self.data}", f"--log={self.log}", "--wait", f"--timeout={seconds}"]
        self.programs.run("pg_ctl", arguments, log=self.log, seconds=seconds + 10)

    def stop(self) -> None:
        """Raises Misconfigured if it does not stop within a minute."""
        if not self.is_dead():
            arguments = ["stop", f"--pgdata={self.data}", "--mode=fast", "--wait", "--timeout=60"]
            self.programs.run("pg_ctl", arguments, log=self.log, seconds=70)
        if self.sockets.parent != self.folder:
            with suppress(OSError):
                self.sockets.rmdir()

    def _create(self) -> None:
        """Created in a sibling folder and then renamed, so that a partial cluster is never used."""
        for left in self.folder.glob("cluster.new*"):
            shutil.rmtree(left)
        new = self.folder / "cluster.new"
        arguments = [f"--pgdata={new}", f"--username={SUPERUSER}", "--auth-local=trust", "--auth-host=reject"]
        arguments += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.settings.get("fsync") == "off":
            arguments.append("--no-sync")
        self.programs.run("initdb", arguments, log=self.log)
        with (new / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude = 'mandate.conf'\n")
        new.rename(self.data)

    def _write_settings(self) -> None:
        """Written at every start: the data folder may have moved, and settings change between versions."""
        folder = str(self.sockets).replace('"', '""')
        settings = {
            "shared_buffers": shared_buffers(),
            **SETTINGS,
            **self.settings,
            "unix_socket_directories": f'"{folder}"',
        }
        lines = [f"{name} = {quoted(value)}" for name, value in settings.items()]
        lines.append(f"include = '../{ARCHIVING}'")
        (self.folder / ARCHIVING).touch()
        new = self.data / "mandate.conf.new"
        new.write_text("# Written at every start: changes are lost.\n" + "\n".join(lines) + "\n")
        new.rename(self.data / "mandate.conf")

    def _remove_stale_lock_files(self) -> None:
        """Lock files of a dead server. If another program has its pid, PostgreSQL would wait for that forever."""
        for left in (self.data / "postmaster.pid", self.socket.with_name(self.socket.name + ".lock")):
            try:
                process = int(left.read_text().split("\n", 1)[0])
            except (FileNotFoundError, ValueError):
                process = 0
            if not is_postgres(process):
                left.unlink(missing_ok=True)


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def is_postgres(process: int) -> bool:
    """Whether this process runs a PostgreSQL program, as far as its permissions show."""
    if process <= 0:
        return False
    if not Path("/proc/self/exe").exists():
        return True
    try:
        program = Path(f"/proc/{process}/exe").readlink().name
    except OSError:
        return False
    return program.removesuffix(" (deleted)") == "postgres"


def socket_folder(folder: Path) -> Path:
    """The socket's folder, accessible to its owner only: in the data folder, or in /tmp if that does not fit.

    Raises Misconfigured if somebody else owns it.
    """
    preferred = folder / "socket"
    # libpq splits a host at commas.
    if "," not in str(preferred) and len(os.fsencode(preferred / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET:
        chosen = preferred
    else:
        status = folder.stat()
        chosen = Path("/tmp") / f"mandate-{os.geteuid()}-{status.st_dev:x}-{status.st_ino:x}"  # noqa: S108
    chosen.mkdir(mode=0o700, exist_ok=True)
    status = chosen.lstat()
    if status.st_uid != os.geteuid() or chosen.is_symlink():
        raise Misconfigured(f"{chosen} belongs to another user: remove it, or set MANDATE_DATA_DIR to a shorter path")
    chosen.chmod(0o700)
    return chosen
