"""Lists of events that arrive in parts: their whole rows, and the position of the last one."""

import re
from typing import Final

from service.cli.error_output import CommandFailed

POSITIONS: Final = {
    "csv": re.compile(rb"(\d+),"),
    "jsonl": re.compile(rb'\{"position":"(\d+)"'),
    "cloudevents": re.compile(rb'\{"specversion":"1\.0","id":"(\d+)"'),
}
"""By format: how a row begins, with the position of its event."""
QUOTE: Final = b'"'


class EventRows:
    """position: of the last whole row, 0 before the first one. form: a key of POSITIONS."""

    def __init__(self, form: str) -> None:
        self.position = 0
        self._begins, self._is_csv = POSITIONS[form], form == "csv"
        self._row, self._line, self._has_header = bytearray(), b"", False

    def begin(self) -> None:
        """An answer begins. What was left of a row that broke off comes again."""
        self._row.clear()
        self._line, self._is_first = b"", True

    def whole(self, part: bytes) -> bytes:
        """The rows that end in this part of the answer. Raises CommandFailed."""
        *lines, self._line = (self._line + part).split(b"\n")
        return b"".join(row for line in lines if (row := self._ended(line + b"\n")))

    def rest(self) -> bytes:
        """What follows the last line break."""
        return bytes(self._row) + self._line

    def _ended(self, line: bytes) -> bytes:
        """The row, if it ends with this line: quoted cells contain line breaks."""
        self._row += line
        if self._is_csv and self._row.count(QUOTE) % 2:
            return b""
        row = bytes(self._row)
        self._row.clear()
        is_header, self._is_first = self._is_csv and self._is_first, False
        if is_header:
            is_repeated, self._has_header = self._has_header, True
            return b"" if is_repeated else row
        if (begin := self._begins.match(row)) is None:
            raise CommandFailed("a row of the export has no position; is it another version of Mandate?")
        self.position = int(begin[1])
        return row
