"""Packages from a registry. A test is skipped where none can be reached; pins that do not fit fail it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

BROKEN: Final = ("EINTEGRITY", "EUSAGE", "ERESOLVE", "EJSONPARSE", "Hash mismatch", "--require-hashes")
"""What npm and uv say of files that pin packages: they do not fit each other or what the registry has."""


def fetched(command: Sequence[str], folder: Path, seconds: float) -> None:
    """Installs packages into the folder."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{name} does not reach its registry")
    if done.returncode:
        said = done.stderr.strip()
        assert not any(each in said for each in BROKEN), said
        pytest.skip(f"{name} does not install: {said[-200:]}")
