"""Compares the live rows of a view with rebuilt ones: digests, and differences field by field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import psycopg
from sqlalchemy import Table

DIGEST: Final = """
    SELECT count(*), coalesce(sum(hash_record_extended(ROW(record_send(t)), 0)::numeric), 0) FROM {schema}.{table} t
"""
"""Hashes the bytes of whole rows. `hash_record_extended(t, 0)` would be linear in its columns: it misses values swapped
between two rows, and array bounds."""
COUNT: Final = """
    SELECT count(*) FROM {served}.{table} s FULL JOIN {built}.{table} b USING ({key})
    WHERE {differ} AND {first}::text <> ALL(%s)
"""
DIFFERENCES: Final = """
    SELECT {key}, to_jsonb(s), to_jsonb(b) FROM {served}.{table} s FULL JOIN {built}.{table} b USING ({key})
    WHERE {differ} AND {first}::text <> ALL(%s) ORDER BY {key} LIMIT %s
"""
DIFFER: Final = "(s.{first} IS NULL OR b.{first} IS NULL OR s::text <> b::text)"
WIDEST: Final = 200
"""Most characters of a value that are shown."""
AS_FOLDED: Final = "as its fold encodes it"


class DifferenceKind(StrEnum):
    """CHANGED: both sides have the row. MISSING: the live view lacks it. SURPLUS: only the live view has it."""

    CHANGED = "CHANGED"
    MISSING = "MISSING"
    SURPLUS = "SURPLUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """One row. key: its primary key. fields: live and rebuilt values by path, for CHANGED only."""

    table: str
    key: Mapping[str, str]
    kind: DifferenceKind
    fields: Mapping[str, tuple[str, str]]

    def summary(self) -> str:
        place = f"{self.table} {' '.join(f'{name}={value}' for name, value in self.key.items())}"
        if self.kind is not DifferenceKind.CHANGED:
            return f"{place}: {'is missing' if self.kind is DifferenceKind.MISSING else 'should not be there'}"
        if not self.fields:
            return f"{place}: an array has other bounds"
        changes = (f"{path} is {served}, should be {built}" for path, (served, built) in self.fields.items())
        return f"{place}: {'; '.join(changes)}"


def counted(connection: psycopg.Connection[Any], schema: str, table: Table) -> tuple[int, Any]:
    """The number of rows, and a digest that does not depend on their order. Equal digests mean equal rows."""
    found = connection.execute(DIGEST.format(schema=schema, table=table.name).encode()).fetchone()
    assert found is not None
    return int(found[0]), found[1]


def differing(
    connection: psycopg.Connection[Any], served: str, built: str, table: Table, but: Sequence[str] = ()
) -> int:
    """The number of rows that differ between two schemas. The transaction must be a snapshot.

    but: subjects whose rows are ignored.
    """
    found = connection.execute(_filled(COUNT, served, built, table), [list(but)]).fetchone()
    assert found is not None
    return int(found[0])


def differences(
    connection: psycopg.Connection[Any], served: str, built: str, table: Table, limit: int, but: Sequence[str] = ()
) -> Iterator[RowDifference]:
    """The first differences, in the order of the key."""
    names = [column.name for column in table.primary_key]
    for *key, before, after in connection.execute(_filled(DIFFERENCES, served, built, table), [list(but), limit]):
        yield RowDifference(
            table=table.name,
            key=dict(zip(names, map(str, key), strict=True)),
            kind=DifferenceKind.MISSING
            if before is None
            else DifferenceKind.SURPLUS
            if after is None
            else DifferenceKind.CHANGED,
            fields=_fields(before, after) if before is not None and after is not None else {},
        )


def _filled(statement: str, served: str, built: str, table: Table) -> bytes:
    key = [column.name for column in table.primary_key]
    parts = {"served": served, "built": built, "table": table.name, "key": ", ".join(key)}
    return statement.format(**parts, first=key[0], differ=DIFFER.format(first=key[0])).encode()


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    flat_before, flat_after = dict(_flat(before)), dict(_flat(after))
    paths = [*flat_before, *(path for path in flat_after if path not in flat_before)]
    pairs = ((path, _short(flat_before.get(path)), _short(flat_after.get(path))) for path in paths)
    found = {path: (one, other) for path, one, other in pairs if flat_before.get(path) != flat_after.get(path)}
    return found or {name: ("encoded differently", AS_FOLDED) for name in after if before[name] != after[name]}


def _flat(row: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value by its path; documents are flattened."""
    for name, value in row.items():
        found = _parsed(value) if name == "document" else value
        if isinstance(found, Mapping):
            yield from _flat(found, f"{path}{name}.")
        else:
            yield f"{path}{name}", found


def _parsed(document: Any) -> Any:
    try:
        found = json.loads(document)
    except (TypeError, ValueError):
        return document
    return {str(place): value for place, value in enumerate(found)} if isinstance(found, list) else found


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
