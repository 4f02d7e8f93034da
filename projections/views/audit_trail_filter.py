"""The filter and the ranges of the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.vocabulary import Person

BEYOND: Final = 2**63 - 1
"""A position that no event reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailFilter:
    """The API's filter; None does not filter. actor: a subject. on_behalf_of: for whom a deputy acted.

    authority: the one that the actor acted for.

    region: in which the request or incident is now, or above it.
    """

    actor: str | None = None
    on_behalf_of: Person | None = None
    authority: str | None = None
    type: Sequence[str] | None = None
    subject: UUID | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None
    correlation_id: UUID | None = None
    region: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """The fields that filter, by name."""
        found = {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) is not None}
        if self.on_behalf_of is not None:
            found["on_behalf_of"] = list(self.on_behalf_of)
        if self.type is not None:
            found["type"] = list(dict.fromkeys(self.type))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRange:
    """The positions between two others, both excluded. newest_first: whether they are read from the last one."""

    after: int = 0
    before: int = BEYOND
    newest_first: bool = False


FROM_THE_START: Final = PositionRange()
