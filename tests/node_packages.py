"""Packages of npm for tests that run where npm and its registry are available."""

import shutil
from pathlib import Path

import pytest

from tests.registries import fetched


def installed(source: Path, folder: Path) -> Path:
    """The folder, with the source's files and the packages that its package.json pins. Skips the test without npm."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node or npm is absent")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    fetched(command, folder, seconds=90)
    return folder
