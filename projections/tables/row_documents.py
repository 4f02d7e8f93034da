"""Lossless encoding of domain states as JSON documents, stored in a row next to its columns.

A text is a plain string; an erased text is {"erased": true}, since null means that no text was written. In the document
of an item, 0 stands for a text that is stored in another column; it decodes as UNREAD until the text is filled in.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, Final, TypeVar, Union, cast, get_type_hints

import msgspec

from domain.vocabulary import Text

State = TypeVar("State")

ERASED: Final = {"erased": True}
PLACEHOLDER: Final = 0
"""Placeholder of a text that is stored in another column."""
BUFFER_SIZE: Final = 4096
"""Initial buffer size in bytes; most documents fit. msgspec starts smaller and copies the buffer to grow it."""


class _Unread(Text):
    """An item's text that followers do not load. Encoding it, or comparing it with another text, is an error."""

    __slots__ = ()

    def __init__(self) -> None:
        """It has no value attribute."""

    def __repr__(self) -> str:
        return "UNREAD"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


UNREAD: Final[Text] = _Unread()


class StoredItem(msgspec.Struct, array_like=True):
    """An item of a state as stored. texts: by path in the item. Subclasses are tagged with the field's name."""

    ordinal: int
    item: Any
    texts: dict[str, Text] | None

    field: ClassVar[str]


def encode(state: object) -> str:
    buffer = bytearray(BUFFER_SIZE)
    _ENCODER.encode_into(state, buffer)
    return buffer.decode()


def outline(item: object) -> str:
    """The document of an item, with 0 for each UNREAD text."""
    return _OUTLINER.encode(item).decode()


def reader(kind: type[State]) -> Callable[[str], State]:
    """Returns a decoder of documents of one kind. The decoder raises msgspec.ValidationError for another kind.

    Call it at import time only: msgspec registers a class on first use, and doing so in two threads at once crashes the
    process.
    """
    return msgspec.json.Decoder(kind, dec_hook=_read).decode


def partial_kind(
    kind: type[State], names: Container[str], properties: Mapping[str, Any], kinds: Mapping[str, Any]
) -> type[State]:
    """Returns a kind of objects that have only these fields of a dataclass, and these properties.

    kinds: of fields that are decoded as another kind than that of the dataclass. Call `reader` for the same dataclass
    before: this function and `reader` for its result may be called at any time, but never in two threads.
    """
    hints = {**get_type_hints(kind), **kinds}
    kept = [
        (field.name, hints[field.name], msgspec.field(**_default(field)))
        for field in fields(kind)  # type: ignore[arg-type]
        if field.name in names
    ]
    partial: Any = msgspec.defstruct(
        f"Partial{kind.__name__}", kept, kw_only=True, frozen=True, gc=False, namespace=dict(properties)
    )
    return cast("type[State]", partial)


def _default(field: Field[Any]) -> dict[str, Any]:
    return {name: value for name in ("default", "default_factory") if (value := getattr(field, name)) is not MISSING}


def items_reader(kinds: Mapping[str, Any]) -> Callable[[str], list[StoredItem]]:
    """Returns a decoder of the items of several fields, by kind: [[field, ordinal, item, texts], ...]."""
    structs = [
        msgspec.defstruct(
            f"Stored_{name}", [("ordinal", int), ("item", kind | None), ("texts", dict[str, Text] | None)],
            bases=(StoredItem,), tag=name, array_like=True, namespace={"field": name},
        )
        for name, kind in kinds.items()
    ]  # fmt: skip
    decoder: msgspec.json.Decoder[list[StoredItem]]
    decoder = msgspec.json.Decoder(list[Union[tuple(structs)]], dec_hook=_read)  # type: ignore[misc] # noqa: UP007
    return decoder.decode


def _encoded(value: Any) -> object:
    if isinstance(value, Text) and value is not UNREAD:
        return ERASED if value.value is None else value.value
    raise TypeError(f"no encoding for {type(value).__name__}")


def _read(kind: type, value: Any) -> object:
    if kind is Text:
        if isinstance(value, str):
            return Text(value)
        return UNREAD if value == PLACEHOLDER else Text(None)
    raise TypeError(f"no decoding for {kind.__name__}")


def _outline_of(value: Any) -> object:
    return PLACEHOLDER if value is UNREAD else _encoded(value)


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_encoded)
_OUTLINER: Final = msgspec.json.Encoder(enc_hook=_outline_of)
