"""PostgreSQL arrays in their binary form, joined from ready pieces: psycopg's own take longer than all the rest."""

import struct
from collections.abc import Iterable
from typing import Any, ClassVar, Final

import psycopg
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

NULL = b"\xff\xff\xff\xff"

_LENGTH: Final = struct.Struct("!i").pack
_BIGINT: Final = struct.Struct("!iq").pack


class Array(bytes):
    """The bytes of an array of one dimension; its class says of what."""

    element: ClassVar[str]
    __slots__ = ()

    @classmethod
    def of(cls, members: Iterable[bytes], count: int) -> "Array":
        """From the bytes of its members, of which there may be several in one piece."""
        oid = psycopg.adapters.types[cls.element].oid
        if count == 0:
            return cls(struct.pack("!iii", 0, 0, oid))
        return cls(struct.pack("!iiiii", 1, 1, oid, count, 1) + b"".join(members))


class Uuids(Array):
    element = "uuid"
    __slots__ = ()


class Bigints(Array):
    element = "int8"
    __slots__ = ()


class Ints(Array):
    element = "int4"
    __slots__ = ()


class Texts(Array):
    element = "text"
    __slots__ = ()


class Blobs(Array):
    element = "bytea"
    __slots__ = ()


def bigint(value: int) -> bytes:
    """A member of Bigints."""
    return _BIGINT(8, value)


def blob(value: bytes | None) -> bytes:
    """A member of Uuids, Texts or Blobs."""
    return NULL if value is None else _LENGTH(len(value)) + value


def numbered(counts: Iterable[int]) -> Ints:
    """0 as often as the first count says, 1 as often as the second, and so on."""
    pieces = []
    total = 0
    for value, count in enumerate(counts):
        pieces.append(struct.pack("!ii", 4, value) * count)
        total += count
    return Ints(Ints.of(pieces, total))


def register(connection: Connection[Any]) -> None:
    """Makes this connection send arrays of these classes as they are."""
    for kind in (Uuids, Bigints, Ints, Texts, Blobs):
        connection.adapters.register_dumper(kind, _dumper(kind))


def _dumper(kind: type[Array]) -> type[Dumper]:
    class AsItIs(Dumper):
        oid = psycopg.adapters.types[kind.element].array_oid
        format = Format.BINARY

        def dump(self, obj: bytes) -> bytes:
            return obj

    return AsItIs
