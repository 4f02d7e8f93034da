"""Compares a base backup with its manifest, since pg_verifybackup of the wheel does not run."""

import hashlib
import json
from pathlib import Path
from typing import Final

from service.errors import Misconfigured

NAME: Final = "backup_manifest"
CHECKSUM: Final = "SHA256"


def system_identifier(cluster: Path) -> int | None:
    """Of the register in a base backup. None if its manifest is missing or damaged. Raises OSError."""
    try:
        found = json.loads((cluster / NAME).read_bytes())["System-Identifier"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return int(found)


def verify(cluster: Path) -> None:
    """Raises Misconfigured if a file is missing or damaged, OSError if one cannot be read."""
    manifest = cluster / NAME
    text = manifest.read_bytes()
    try:
        content = json.loads(text)
    except ValueError:
        raise _damaged(manifest) from None
    if hashlib.sha256(text[: text.rindex(b'"Manifest-Checksum"')]).hexdigest() != content["Manifest-Checksum"]:
        raise _damaged(manifest)
    for each in content["Files"]:
        path = cluster / each["Path"]
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != each["Checksum"]:
                raise _damaged(path)


def _damaged(path: Path) -> Misconfigured:
    return Misconfigured(f"{path} is not as it was backed up: restore from another backup (--at an instant before it)")
