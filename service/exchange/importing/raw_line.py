"""What every file of histories is read into, whatever its form: lines with fields, or with what is wrong with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

LONGEST_LINE: Final = 1024 * 1024
"""Bytes."""
LONGEST_QUOTED: Final = 60
"""Characters of a name that a message quotes."""


def quoted(name: str) -> str:
    """A name from a file, short enough for a message."""
    return f"'{name if len(name) <= LONGEST_QUOTED else name[:LONGEST_QUOTED] + '…'}'"


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line. number: its place in the file, from 1. content: what makes it the same line again, as bytes.

    fields: None where it has a problem.
    """

    number: int
    content: bytes
    fields: Mapping[str, Any] | None
    problem: str = ""


class LineReader(Protocol):
    """Reads a file from its beginning, one line at a time."""

    def __call__(self, file: BinaryIO) -> Iterator[RawLine]: ...
