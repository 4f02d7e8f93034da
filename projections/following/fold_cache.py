"""The states from which folds continue: cached if used recently, else read from the view's tables."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import psycopg

from projections.reading.item_rows import items_without_texts
from projections.tables.view import View

CACHED: Final = 20_000
"""States in the cache, of some kilobytes each."""


class FoldCache:
    """The newest states of a view's subjects. Only committed states are cached."""

    def __init__(self, view: View, schema: str, kept: int = CACHED) -> None:
        self._view = view
        self._schema = schema
        self._kept = kept
        self._states: dict[UUID, Any] = {}

    def load(self, connection: psycopg.Connection[Any], subjects: Mapping[UUID, str]) -> dict[UUID, Any]:
        """The states of the subjects that have one. subjects: kind by id."""
        found = {subject: self._states[subject] for subject in subjects if subject in self._states}
        missing = defaultdict[str, list[UUID]](list)
        for subject, kind in subjects.items():
            if subject not in found:
                missing[kind].append(subject)
        for kind, ids in missing.items():
            found.update(self._read(connection, kind, ids))
        return found

    def keep(self, states: Iterable[tuple[UUID, Any]]) -> None:
        """Caches states; evicts the oldest entries."""
        for subject, state in states:
            self._states.pop(subject, None)
            self._states[subject] = state
        while len(self._states) > self._kept:
            del self._states[next(iter(self._states))]

    def clear(self) -> None:
        self._states.clear()

    def _read(self, connection: psycopg.Connection[Any], kind: str, ids: list[UUID]) -> dict[UUID, Any]:
        memory = self._view.memories[kind]
        present = "AND valid_until = 'infinity'" if memory.versioned else ""
        columns = ["id", "document"]
        if memory.items is not None:
            columns.append(items_without_texts(self._schema, memory.items, versioned=memory.versioned))
        table = f"{self._schema}.{memory.table.name}"
        statement = f"SELECT {', '.join(columns)} FROM {table} t WHERE id = ANY(%s) {present}"  # noqa: S608
        rows = connection.execute(statement.encode(), [ids], binary=True).fetchall()
        return {subject: memory.read(*found) for subject, *found in rows}
