"""JSON Lines reader: one object per line."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from service.exchange.importing.raw_line import LONGEST_LINE, RawLine

_decode = msgspec.json.Decoder(dict[str, object]).decode


def read(file: BinaryIO) -> Iterator[RawLine]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            yield RawLine(number, b"", None, f"A line has at most {LONGEST_LINE:,} bytes.")
            _skip_the_rest(file)
        elif content := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield _line(number, content)


def _line(number: int, content: bytes) -> RawLine:
    try:
        return RawLine(number, content, _decode(content))
    except RecursionError:
        return RawLine(number, content, None, "It is nested too deeply: flatten it.")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return RawLine(number, content, None, f"It is not a JSON object: {error}")


def _skip_the_rest(file: BinaryIO) -> None:
    while (piece := file.readline(LONGEST_LINE)) and not piece.endswith(b"\n"):
        pass
