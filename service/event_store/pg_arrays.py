"""PostgreSQL arrays in binary format, joined from encoded members. psycopg's own dumpers are much slower."""

import struct
from collections.abc import Iterable
from typing import Any, ClassVar, Final

import psycopg
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

NULL = b"\xff\xff\xff\xff"

_LENGTH: Final = struct.Struct("!i").pack
_BIGINT: Final = struct.Struct("!iq").pack
_INT: Final = struct.Struct("!ii").pack
_EMPTY: Final = struct.Struct("!iii").pack
_FULL: Final = struct.Struct("!iiiii").pack


class Array(bytes):
    """The bytes of a one-dimensional array. The subclass defines the member type."""

    member: ClassVar[TypeInfo]
    __slots__ = ()

    @classmethod
    def of(cls, members: Iterable[bytes], count: int) -> "Array":
        """Joins encoded members. A piece may contain several members."""
        if count == 0:
            return cls(_EMPTY(0, 0, cls.member.oid))
        return cls(_FULL(1, 1, cls.member.oid, count, 1) + b"".join(members))


class Uuids(Array):
    member = psycopg.adapters.types["uuid"]
    __slots__ = ()


class Bigints(Array):
    member = psycopg.adapters.types["int8"]
    __slots__ = ()


class Ints(Array):
    member = psycopg.adapters.types["int4"]
    __slots__ = ()


class Texts(Array):
    member = psycopg.adapters.types["text"]
    __slots__ = ()


class Blobs(Array):
    member = psycopg.adapters.types["bytea"]
    __slots__ = ()


def bigint(value: int) -> bytes:
    """A member of Bigints."""
    return _BIGINT(8, value)


def blob(value: bytes | None) -> bytes:
    """A member of Uuids, Texts or Blobs."""
    return NULL if value is None else _LENGTH(len(value)) + value


def repeat_indexes(counts: Iterable[int]) -> Ints:
    """0 as often as the first count, 1 as often as the second, and so on."""
    pieces = []
    total = 0
    for value, count in enumerate(counts):
        pieces.append(_INT(4, value) * count)
        total += count
    return Ints(Ints.of(pieces, total))


def register(connection: Connection[Any]) -> None:
    """Makes this connection send arrays of these classes unchanged."""
    for array_class in (Uuids, Bigints, Ints, Texts, Blobs):
        connection.adapters.register_dumper(array_class, _dumper(array_class))


def _dumper(array_class: type[Array]) -> type[Dumper]:
    class BinaryArrayDumper(Dumper):
        oid = array_class.member.array_oid
        format = Format.BINARY

        def dump(self, obj: bytes) -> bytes:
            return obj

    return BinaryArrayDumper
