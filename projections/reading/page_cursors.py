"""How cursors of pages are written. A client of ours can write those of a list of events, to begin at a position."""

from base64 import urlsafe_b64encode
from hashlib import blake2b
from struct import Struct
from typing import Final

POSITION: Final = Struct(">q")
CHECKSUM_SIZE: Final = 6
"""Bytes of the checksum that binds a cursor to its list."""


def position_cursor(of: str, position: int) -> str:
    """of: name of the list, with its order and instant."""
    return encoded(of, POSITION.pack(position))


def encoded(of: str, content: bytes) -> str:
    return urlsafe_b64encode(content + checksum_of(of, content)).decode().rstrip("=")


def checksum_of(of: str, content: bytes) -> bytes:
    return blake2b(of.encode() + b"\0" + content, digest_size=CHECKSUM_SIZE).digest()
