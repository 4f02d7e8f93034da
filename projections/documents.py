"""A domain state as one document, and back, exactly: what a view keeps of a row beside its columns.

A text is a plain string; an erased one is {"erased": true}, since null is a text that was never written.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from domain.vocabulary import Text

State = TypeVar("State")

ERASED: Final = {"erased": True}
ROOM: Final = 4096
"""Bytes that most documents fit into: msgspec by itself begins with less, and copies it all whenever that is full."""


def encode(state: object) -> str:
    written = bytearray(ROOM)
    _ENCODER.encode_into(state, written)
    return written.decode()


def reader(kind: type[State]) -> Callable[[str], State]:
    """Reads documents of one kind. It raises msgspec.ValidationError where one is of another.

    To be made while modules are imported: msgspec takes note of a class when it first meets it, and two threads that
    make it do so at once crash the process.
    """
    return msgspec.json.Decoder(kind, dec_hook=_read).decode


def _written(value: Any) -> object:
    if isinstance(value, Text):
        return ERASED if value.value is None else value.value
    raise TypeError(f"no form is known for {type(value).__name__}")


def _read(kind: type, value: Any) -> object:
    if kind is Text:
        return Text(value if isinstance(value, str) else None)
    raise TypeError(f"no form is known for {kind.__name__}")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_written)
