"""A domain state as one document, and back, exactly: what a view keeps of a row beside its columns.

A text is a plain string; an erased one is {"erased": true}, since null is a text that was never written. In the
document of an item it is 0: the text is stored beside it, and is UNREAD until it is put in.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, Union

import msgspec

from domain.vocabulary import Text

State = TypeVar("State")

ERASED: Final = {"erased": True}
APART: Final = 0
"""What stands for a text that is stored apart."""
ROOM: Final = 4096
"""Bytes that most documents fit into: msgspec by itself begins with less, and copies it all whenever that is full."""


class _Unread(Text):
    """A text of an item that a follower does not keep. It is never written: encoding and comparing it are faults."""

    __slots__ = ()

    def __init__(self) -> None:
        """It has no value."""

    def __repr__(self) -> str:
        return "UNREAD"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


UNREAD: Final[Text] = _Unread()


class StoredItem(msgspec.Struct, array_like=True):
    """An item of a state, as its row has it. texts: by their path in the item. Its subclasses say of which field."""

    ordinal: int
    item: Any
    texts: dict[str, Text] | None

    @property
    def field(self) -> str:
        return str(self.__struct_config__.tag)


def encode(state: object) -> str:
    written = bytearray(ROOM)
    _ENCODER.encode_into(state, written)
    return written.decode()


def outline(item: object) -> str:
    """The document of an item whose texts that are stored apart are UNREAD."""
    return _OUTLINER.encode(item).decode()


def reader(kind: type[State]) -> Callable[[str], State]:
    """Reads documents of one kind. It raises msgspec.ValidationError where one is of another.

    To be made while modules are imported: msgspec takes note of a class when it first meets it, and two threads that
    make it do so at once crash the process.
    """
    return msgspec.json.Decoder(kind, dec_hook=_read).decode


def items_reader(kinds: Mapping[str, Any]) -> Callable[[str], list[StoredItem]]:
    """Reads items of several fields, of these kinds: [[field, ordinal, item, texts], ...]."""
    known = [
        msgspec.defstruct(
            f"Stored_{name}", [("ordinal", int), ("item", kind | None), ("texts", dict[str, Text] | None)],
            bases=(StoredItem,), tag=name, array_like=True,
        )
        for name, kind in kinds.items()
    ]  # fmt: skip
    decoder: msgspec.json.Decoder[list[StoredItem]]
    decoder = msgspec.json.Decoder(list[Union[tuple(known)]], dec_hook=_read)  # type: ignore[misc] # noqa: UP007
    return decoder.decode


def _written(value: Any) -> object:
    if isinstance(value, Text) and value is not UNREAD:
        return ERASED if value.value is None else value.value
    raise TypeError(f"no form is known for {type(value).__name__}")


def _read(kind: type, value: Any) -> object:
    if kind is Text:
        if value == APART:
            return UNREAD
        return Text(value if isinstance(value, str) else None)
    raise TypeError(f"no form is known for {kind.__name__}")


def _outlined(value: Any) -> object:
    return APART if value is UNREAD else _written(value)


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_written)
_OUTLINER: Final = msgspec.json.Encoder(enc_hook=_outlined)
