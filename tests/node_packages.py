"""Packages of npm for tests that run where npm and its registry are available."""

import shutil
import subprocess
from pathlib import Path

import pytest


def installed(source: Path, folder: Path) -> Path:
    """The folder, with the source's files and the packages that its package.json pins. Skips the test without npm."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node or npm is absent")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not reach its registry")
    if result.returncode != 0:
        pytest.skip(f"npm does not install: {result.stderr.strip()[-200:]}")
    return folder
