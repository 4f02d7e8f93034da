"""The states from which folds continue: cached if used recently, else read from the view's tables."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import psycopg

from projections.bounded_cache import BoundedCache
from projections.reading.item_rows import items_without_texts
from projections.tables.view import View

MAX_BYTES: Final = 64 * 1024 * 1024
"""Estimated memory of a view's cache. A state that needs more than a quarter of it is not cached."""
STATE_BYTES: Final = 2000
EVENT_BYTES: Final = 200
BYTES_PER_TEXT_BYTE: Final = 2
"""Estimated memory of a state: the base, for each of its events, and for each byte of their texts."""


class FoldCache:
    """The newest states of a view's subjects. Only committed states are cached."""

    def __init__(self, view: View, schema: str, most_bytes: int = MAX_BYTES) -> None:
        """most_bytes: estimated memory of the whole cache."""
        self._view = view
        self._schema = schema
        self._states: BoundedCache[UUID, Any] = BoundedCache(most_bytes)

    @property
    def size(self) -> int:
        """Estimated bytes of all cached states."""
        return self._states.size

    def load(self, connection: psycopg.Connection[Any], subjects: Mapping[UUID, str]) -> dict[UUID, Any]:
        """The states of the subjects that have one. subjects: kind by id."""
        found = {subject: state for subject in subjects if (state := self._states.get(subject)) is not None}
        missing = defaultdict[str, list[UUID]](list)
        for subject, kind in subjects.items():
            if subject not in found:
                missing[kind].append(subject)
        for kind, ids in missing.items():
            found.update(self._read(connection, kind, ids))
        return found

    def keep(self, states: Iterable[tuple[UUID, Any]]) -> None:
        """Caches states."""
        for subject, state in states:
            self._states.remove(subject)
            if (size := _size(state)) <= self._states.most_bytes // 4:
                self._states.put(subject, state, size)

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


def _size(state: Any) -> int:
    """Estimated bytes of a state. States without texts do not count them."""
    texts = getattr(state, "text_bytes", 0)
    return STATE_BYTES + EVENT_BYTES * getattr(state, "version", 1) + BYTES_PER_TEXT_BYTE * texts
