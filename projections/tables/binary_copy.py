"""Bulk loading of rows by COPY in binary format."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.types.datetime import DatetimeBinaryDumper
from sqlalchemy import ARRAY, Table
from sqlalchemy.dialects import postgresql

from projections.tables.view import Values

INFINITY: Final = datetime.max.replace(tzinfo=UTC)
"""Loaded as 'infinity'."""
_INFINITY: Final = b"\x7f" + b"\xff" * 7
_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]


class _EndlessDatetimeDumper(DatetimeBinaryDumper):
    def dump(self, obj: datetime) -> Any:
        return _INFINITY if obj is INFINITY else super().dump(obj)


def load(connection: psycopg.Connection[Any], schema: str, table: Table, rows: Sequence[Values]) -> None:
    """Adds rows, all or none. Raises psycopg.errors.UniqueViolation and other psycopg errors."""
    if not rows:
        return
    columns, types, arrays, end = _form(table)
    with connection.cursor() as cursor:
        cursor.adapters.register_dumper(datetime, _EndlessDatetimeDumper)
        with cursor.copy(f"COPY {schema}.{table.name} ({columns}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
            copy.set_types(types)
            for row in rows:
                values = list(row)
                for at in arrays:
                    values[at] = None if row[at] is None else list(row[at])
                if end is not None and row[end] is None:
                    values[end] = INFINITY
                copy.write_row(values)


@cache
def _form(table: Table) -> tuple[str, list[str], list[int], int | None]:
    """The columns, their types, the places of the arrays, and that of valid_until."""
    names = table.c.keys()
    types = [column.type.compile(_DIALECT).lower() for column in table.c]
    arrays = [at for at, column in enumerate(table.c) if isinstance(column.type, ARRAY)]
    return ", ".join(names), types, arrays, names.index("valid_until") if "valid_until" in names else None
