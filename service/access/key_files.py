"""The register's own keys: files in the data folder, or files that settings name."""

import os
import secrets
from pathlib import Path
from typing import Final

from service.errors import Misconfigured

OWN_KEY: Final = "token.key"
"""File of the key in the data folder that signs tokens."""
WEBHOOK_KEY: Final = "webhook.key"
"""File of the key there from which the signing keys of webhooks are derived."""
OWN_KEYS: Final = (OWN_KEY, WEBHOOK_KEY)
KEY_LENGTH: Final = 32
"""Minimum length of a key in bytes (RFC 7518, section 3.2)."""


def own_key(data_dir: Path, name: str = OWN_KEY) -> bytes:
    """The key in the data folder, created at first use, private to its owner. Raises Misconfigured, in one line."""
    path = data_dir / name
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
    except OSError as error:
        raise Misconfigured(f"the data folder {data_dir} cannot be used: {error.strerror} (MANDATE_DATA_DIR)") from None
    return read_key(path)


def keys_in(folder: Path) -> list[Path]:
    """The keys in a data folder or a backup of one, with previous ones."""
    return sorted(path for name in OWN_KEYS for path in folder.glob(f"{name}*"))


def read_key(path: Path) -> bytes:
    """The key in a file. Raises Misconfigured, in one line."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"the key {path} cannot be read: {error.strerror}") from None
    if len(key) < KEY_LENGTH:
        raise Misconfigured(f"the key {path} is shorter than {KEY_LENGTH} bytes")
    return key.removesuffix(b"\n").removesuffix(b"\r")


def previous_key(path: Path) -> bytes | None:
    """The key in the file beside this one whose name ends in '.previous', if it is there. Raises Misconfigured."""
    previous = path.with_name(f"{path.name}.previous")
    return read_key(previous) if previous.exists() else None


def _make_key(path: Path) -> None:
    """Creates the file atomically, also if another process does so at the same time."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(secrets.token_hex(KEY_LENGTH))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
