"""Enables row-level security on the tables of viewers, at the end of every migration."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, text

from projections.tables.row_security import POLICIES, READER, REGISTER

OF_REGISTER: Final = "register"
VIEWERS_ALONE: Final = ("event_store.access_log",)
"""Tables that the API's own role does not read."""
FOUND: Final = text("""
    SELECT c.relrowsecurity, array(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid)
    FROM pg_class c WHERE c.oid = CAST(:table AS regclass)
""")


def secure(connection: Connection) -> None:
    """Sets the policies of each table to POLICIES. Each table has its own transaction: readers and followers go on."""
    for table in POLICIES:
        with connection.begin():
            for statement in _statements(connection, table):
                connection.execute(text(statement))


def secured(connection: Connection) -> bool:
    """Whether every table has its policies."""
    return not any(_statements(connection, table) for table in POLICIES)


def _statements(connection: Connection, table: str) -> list[str]:
    """What brings a table to its policies. A policy's name contains a digest of its expression."""
    enabled, names = connection.execute(FOUND, {"table": table}).one()
    wanted = _policies(connection, table)
    return [
        *(statement for name, statement in wanted.items() if name not in names),
        *(f'DROP POLICY "{name}" ON {table}' for name in names if name not in wanted),
        *([] if enabled else [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"]),
    ]


def _policies(connection: Connection, table: str) -> Mapping[str, str]:
    rows, found = POLICIES[table], {}
    if rows is not None:
        name = f"viewers_{sha256(rows.encode()).hexdigest()[:8]}"
        found[name] = f"CREATE POLICY {name} ON {table} FOR SELECT TO {READER} USING ({rows})"
    is_present = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": REGISTER})
    if is_present and table not in VIEWERS_ALONE:
        found[OF_REGISTER] = f"CREATE POLICY {OF_REGISTER} ON {table} FOR SELECT TO {REGISTER} USING (true)"
    return found
