"""An entry of the audit trail, and the part of it that a viewer may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.vocabulary import Actor, Marking
from projections.rows.value_changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One event of the audit trail. subject: id of the request, incident or authority; kind: the name of its type.

    withheld: parts of the event that this entry lacks, because they are internal to the deciding authority.

    mentions: incidents and pieces of evidence named in payload or changes; a viewer may not see all of them.
    payload and changes are complete: return them only through `visible_to`.
    erased: paths in the payload of erased texts. marking: now, of the subject or of the piece of evidence that the
    event records; None if the entry was made without its subject's state of now. introduces: the incident or the piece
    of evidence that the event creates.
    """

    position: int
    subject: UUID
    kind: str
    version: int
    type: str
    recorded_at: datetime
    occurred_at: datetime | None
    actor: Actor
    correlation: UUID
    causation: int | None
    mentions: tuple[UUID, ...]
    payload: Mapping[str, Any]
    changes: tuple[Change, ...]
    erased: tuple[str, ...]
    withheld: tuple[str, ...] = ()
    marking: Marking | None = None
    introduces: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleEntry:
    """The part of an entry that a viewer may see. redactions: parts that were removed or erased, by their paths."""

    reason: str | None
    payload: Mapping[str, Any]
    changes: tuple[Change, ...]
    redactions: tuple[str, ...]
