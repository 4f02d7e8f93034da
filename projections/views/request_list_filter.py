"""The filter and the orders of lists of requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class RequestOrder(StrEnum):
    """The orders of the API."""

    SUBMITTED_AT_DESC = "SUBMITTED_AT_DESC"
    SUBMITTED_AT_ASC = "SUBMITTED_AT_ASC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"
    UPDATED_AT_ASC = "UPDATED_AT_ASC"
    DUE_ASC = "DUE_ASC"

    @property
    def is_by_submission(self) -> bool:
        return self.value.startswith("SUBMITTED")

    @property
    def is_falling(self) -> bool:
        return self.value.endswith("DESC")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestListFilter:
    """The API's filter. None does not filter; an empty tuple matches nothing. text: each word occurs."""

    status: Sequence[str] | None = None
    requesting_authority: Sequence[str] | None = None
    deciding_authority: Sequence[str] | None = None
    region: Sequence[str] | None = None
    incident: UUID | None = None
    overdue: bool | None = None
    questioned: bool | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    text: str | None = None
