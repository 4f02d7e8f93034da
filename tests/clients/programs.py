"""The programs of `examples/clients`, with the packages that they pin, in folders below `build/clients`."""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from os import environ
from pathlib import Path

import pytest

from tests.registries import fetched
from tests.tidy.repository import ROOT

EXAMPLES = ROOT / "examples" / "clients"
BUILT = ROOT / "build" / "clients"
PATIENCE = 150.0
"""Seconds for an installation."""


@dataclass(frozen=True)
class Register:
    """token: of a requester."""

    url: str
    token: str

    def run(self, command: list[str], folder: Path) -> list[str]:
        """What a program says, which ends well."""
        given = {**environ, "MANDATE": self.url, "MANDATE_GRAPHQL": f"{self.url}/graphql", "TOKEN": self.token}
        return execute(command, folder, given, 60).splitlines()


class Programs:
    """Each is installed once."""

    @cache  # noqa: B019
    def python(self, name: str) -> tuple[Path, Path]:
        """The folder, and the interpreter that has the packages."""
        folder, found = copied(name), shutil.which("uv") or str(ROOT / ".venv" / "bin" / "uv")
        python = folder / ".venv" / "bin" / "python"
        execute([found, "venv", "--quiet", "--clear", ".venv"], folder)
        pins = ["--require-hashes", "--requirement", "requirements.txt"]
        fetched([found, "pip", "install", "--quiet", "--python", str(python), *pins], folder, PATIENCE)
        return folder, python

    @cache  # noqa: B019
    def typescript(self) -> Path:
        """The folder, with everything generated from the schema, type-checked and compiled."""
        if shutil.which("node") is None or shutil.which("npm") is None:
            pytest.skip("node or npm is absent")
        folder = copied("typescript")
        fetched(["npm", "ci", "--fetch-retries=1"], folder, PATIENCE)
        execute(["npm", "run", "--silent", "generate"], folder)
        execute(["npm", "run", "--silent", "build"], folder)
        return folder


def copied(name: str) -> Path:
    """A copy of an example with the schema; packages of an earlier run stay."""
    folder = BUILT / name
    shutil.copytree(EXAMPLES / name, folder, dirs_exist_ok=True)
    shutil.copy(ROOT / "schema.graphql", folder)
    return folder


def execute(command: list[str], folder: Path, given: dict[str, str] | None = None, seconds: float = PATIENCE) -> str:
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
