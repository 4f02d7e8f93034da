"""Lines of an import file, independent of its format: fields, or the problem of the line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

LONGEST_LINE: Final = 1024 * 1024
"""Bytes."""
LONGEST_QUOTED: Final = 60
"""Maximum length of a quoted name in a message, in characters."""


def quoted(name: str) -> str:
    """A name from a file in quotes, truncated."""
    return f"'{name if len(name) <= LONGEST_QUOTED else name[:LONGEST_QUOTED] + '…'}'"


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line. number: line number, from 1. content: the bytes that identify it. fields: None if it has a problem."""

    number: int
    content: bytes
    fields: Mapping[str, Any] | None
    problem: str = ""


class LineReader(Protocol):
    """Reads a file from its beginning, one line at a time."""

    def __call__(self, file: BinaryIO) -> Iterator[RawLine]: ...
