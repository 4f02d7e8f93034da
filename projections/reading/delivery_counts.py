"""How many messages to endpoints wait or were given up, for health and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Select, func, literal_column, select

from projections.reading.queries import Query
from projections.tables.deliveries import table

OPEN: Final[ColumnElement[bool]] = literal_column("state IN ('PENDING', 'DEAD')", Boolean)
"""Spelled as in the partial index."""


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """oldest: age in seconds of the oldest one that waits; 0 if none does."""

    pending: int = 0
    dead: int = 0
    oldest: float = 0.0


NONE_WAIT: Final = DeliveryCounts()


def delivery_counts() -> Query[DeliveryCounts]:
    """One row."""
    return Query(_COUNTS, (), _read, unrestricted=True)


def _read(row: Sequence[Any]) -> DeliveryCounts:
    pending, dead, oldest = row
    return DeliveryCounts(pending=pending, dead=dead, oldest=float(oldest or 0))


def _counts() -> Any:
    is_pending, is_dead = literal_column("state = 'PENDING'", Boolean), literal_column("state = 'DEAD'", Boolean)
    age = func.extract("epoch", func.clock_timestamp() - func.min(table.c.queued_at).filter(is_pending))
    counted = select(func.count().filter(is_pending), func.count().filter(is_dead), age).select_from(table)
    return counted.where(OPEN)


_COUNTS: Final[Select[Any]] = _counts()
