"""Rows into tables, many at once: COPY, its text made here, several times as fast as value by value."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, TIMESTAMP, Boolean, Column, Table, Text, Uuid

from projections.view import Values

NULL: Final = "\\N"
INFINITY: Final = "infinity"
KEPT: Final = 4096
"""Written forms: audiences and paths of regions are few, and the rows of a subject share its id and their instants."""

_ESCAPES: Final = (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"))
"""The first is the first."""

Writer = Callable[[Any], str]


def load(connection: psycopg.Connection[Any], schema: str, table: Table, rows: Sequence[Values]) -> None:
    """Adds rows. Raises psycopg.errors.UniqueViolation and the like, and nothing of them is there then."""
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(_statement(schema, table)) as copy:
        copy.write(_text(table, rows))


@cache
def _statement(schema: str, table: Table) -> bytes:
    return f"COPY {schema}.{table.name} ({', '.join(table.c.keys())}) FROM STDIN".encode()


def _text(table: Table, rows: Iterable[Values]) -> str:
    writers = _writers(table)
    lines = ["\t".join([write(value) for write, value in zip(writers, row, strict=True)]) for row in rows]
    return "\n".join(lines) + "\n"


@cache
def _writers(table: Table) -> tuple[Writer, ...]:
    return tuple(_writer(column) for column in table.c)


def _writer(column: Column[Any]) -> Writer:
    write = _writer_of(column)
    if column.name == "valid_until":
        return lambda value: INFINITY if value is None else write(value)
    return (lambda value: NULL if value is None else write(value)) if column.nullable else write


def _writer_of(column: Column[Any]) -> Writer:
    match column.type:
        case ARRAY(item_type=Uuid()):
            return lambda value: f"{{{','.join(map(_id, value))}}}"
        case ARRAY():
            return lambda value: _array(tuple(value))
        case Uuid():
            return _id
        case Text() if column.name == "document":
            return _json
        case Text():
            return _escaped
        case Boolean():
            return lambda value: "t" if value else "f"
        case TIMESTAMP():
            return _instant
        case _:
            return str


def _escaped(value: str) -> str:
    for special, written in _ESCAPES:
        if special in value:
            value = value.replace(special, written)
    return value


def _json(value: str) -> str:
    """It holds no character that is special but the backslash: JSON writes the others otherwise."""
    return value.replace("\\", "\\\\")


_id: Final = lru_cache(KEPT)(UUID.__str__)
_instant: Final = lru_cache(KEPT)(datetime.isoformat)


@lru_cache(KEPT)
def _array(values: tuple[str, ...]) -> str:
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return _escaped(f"{{{','.join(quoted)}}}")
