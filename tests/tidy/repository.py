"""What the repository holds, for the tests that keep it tidy."""

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ("domain", "projections", "service")
BINARY = {".png", ".ico", ".pdf", ".woff2", ".gz", ".zip", ".bin"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed; by walking where git does not answer."""
    git = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not _ours_to_skip(path)]
    return tuple(sorted(path for path in paths if path.is_file()))


def _ours_to_skip(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return "__pycache__" in parts or any(part.startswith(".") and part != ".ci" for part in parts[:-1])


def python_files(*folders: str) -> list[Path]:
    found = [path for path in files() if path.suffix == ".py"]
    return [path for path in found if not folders or path.relative_to(ROOT).parts[0] in folders]


def text_files() -> list[Path]:
    return [path for path in files() if path.suffix not in BINARY]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
