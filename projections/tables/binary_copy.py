"""Rows into tables, many at once: COPY in its binary form, made column by column, several times as fast as by value.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS-BINARY-FORMAT
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from itertools import repeat
from struct import Struct
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Boolean, Column, Table, Text, Uuid

from projections.tables.view import Values

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"
NULL: Final = b"\xff\xff\xff\xff"
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
INFINITY: Final = b"\0\0\0\x08\x7f\xff\xff\xff\xff\xff\xff\xff"
KEPT: Final = 8192
"""Written forms: audiences and paths of regions are few, and the rows of a subject share their instants, of which a
block of rows has some thousands."""
PART: Final = 500
"""Rows whose written form is in memory at once."""
DIFFERENT: Final = ("document", "texts", "searched")
"""Texts that are hardly ever the same twice, and long."""

_MICROSECOND: Final = timedelta(microseconds=1)
_SHORT: Final = Struct("!h").pack
_INT: Final = Struct("!i").pack
_BIGINT: Final = partial(Struct("!iq").pack, 8)
_ARRAY: Final = Struct("!iiiii").pack
_EMPTY_ARRAY: Final = Struct("!iii").pack
_BOOLEAN: Final = (b"\0\0\0\x01\0", b"\0\0\0\x01\x01")

ColumnEncoder = Callable[[Any], bytes]
"""Of a value that is there: the length of its bytes, and these."""


def load(connection: psycopg.Connection[Any], schema: str, table: Table, rows: Sequence[Values]) -> None:
    """Adds rows. Raises psycopg.errors.UniqueViolation and the like, and nothing of them is there then.

    TypeError where the table has a column of a type whose form is not known here.
    """
    if not rows:
        return
    _writers(table)  # refuses an unknown type before anything is sent
    with connection.cursor() as cursor, cursor.copy(_statement(schema, table)) as copy:
        copy.write(HEAD)
        for first in range(0, len(rows), PART):
            copy.write(_written(table, rows[first : first + PART]))
        copy.write(END)


@cache
def _statement(schema: str, table: Table) -> bytes:
    return f"COPY {schema}.{table.name} ({', '.join(table.c.keys())}) FROM STDIN (FORMAT BINARY)".encode()


def _written(table: Table, rows: Iterable[Values]) -> bytes:
    values = zip(*rows, strict=True)
    columns = [_column(column, write, found) for (column, write), found in zip(_writers(table), values, strict=True)]
    fields = _SHORT(len(columns))
    return b"".join(map(b"".join, zip(repeat(fields), *columns)))


def _column(column: Column[Any], write: ColumnEncoder, values: Iterable[Any]) -> Iterable[bytes]:
    if column.name == "valid_until":
        return [INFINITY if value is None else write(value) for value in values]
    return [NULL if value is None else write(value) for value in values] if column.nullable else map(write, values)


@cache
def _writers(table: Table) -> tuple[tuple[Column[Any], ColumnEncoder], ...]:
    return tuple((column, _writer(column)) for column in table.c)


def _writer(column: Column[Any]) -> ColumnEncoder:
    match column.type:
        case ARRAY(item_type=Uuid()):
            return lambda value: _array(_OID["uuid"], [_id(each) for each in value])
        case ARRAY(item_type=Text()):
            return lambda value: _texts(tuple(value))
        case Uuid():
            return _id
        case Text():
            return _text if column.name in DIFFERENT else _known_text
        case Boolean():
            return _BOOLEAN.__getitem__
        case TIMESTAMP():
            return _instant
        case BigInteger():
            return _BIGINT
        case other:
            raise TypeError(f"{column}: no binary form is known for {other}")


def _text(value: str) -> bytes:
    written = value.encode()
    return _INT(len(written)) + written


_known_text: Final = lru_cache(KEPT)(_text)


def _id(value: UUID) -> bytes:
    return b"\0\0\0\x10" + value.int.to_bytes(16, "big")


@lru_cache(KEPT)
def _instant(value: datetime) -> bytes:
    """Microseconds since the year 2000."""
    return _BIGINT((value - EPOCH) // _MICROSECOND)


@lru_cache(KEPT)
def _texts(values: tuple[str, ...]) -> bytes:
    return _array(_OID["text"], [_text(value) for value in values])


def _array(oid: int, members: Sequence[bytes]) -> bytes:
    """Of one dimension. members: each with its length."""
    head = _ARRAY(1, 0, oid, len(members), 1) if members else _EMPTY_ARRAY(0, 0, oid)
    written = b"".join([head, *members])
    return _INT(len(written)) + written


_OID: Final = {name: psycopg.adapters.types[name].oid for name in ("uuid", "text")}
