"""Every event that is shown to users, in the order in which it was recorded, with what it changed."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.marking import Viewer
from domain.recorded import Recorded
from domain.vocabulary import Actor
from projections.asking import Question, Sight

NAME: Final = "audit_trail"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, in the terms of the API; None where it was not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as it is told. subject: the id of the request, incident or authority; kind: its type's name.

    mentions: incidents and pieces of evidence that payload or changes name; `seen` tells which of them may be.
    payload and changes are whole: only what `shown_to` leaves may leave the house.
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
    reason_for: tuple[str, ...] | None
    """Tokens of those who may read the reason, where it is not for all who see the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a viewer gets of an entry. redactions: paths in the payload that were left out or erased."""

    reason: str | None
    payload: Mapping[str, Any]
    changes: tuple[Change, ...]
    redactions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The contract's filter: what is None does not narrow. actor: a subject. authority: that somebody acted for."""

    actor: str | None = None
    authority: str | None = None
    type: Sequence[str] | None = None
    subject: UUID | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    correlation: UUID | None = None


def entry(before: Any, recorded: Recorded[Any], after: Any) -> Entry:
    """An event as it is told, from the state before and after it: for a mutation's answer, whose event no view has yet.

    before and after: the DeploymentRequest or Incident; the Authority; for a mandate, its Jurisdiction.
    """
    raise NotImplementedError


def shown_to(viewer: Viewer, entry: Entry, seen: AbstractSet[UUID]) -> Shown:
    """What the viewer may see of it. seen: those of its mentions that they may see."""
    raise NotImplementedError


def page(sight: Sight, wanted: Filter, limit: int, after: int = 0) -> Question[Entry]:
    """The next events after a position. Ask for one more than is shown to know whether there are more."""
    raise NotImplementedError


def histories(sight: Sight, subjects: Iterable[UUID], limit: int, after: int = 0) -> Question[Entry]:
    """The next events of each of several subjects after a position, `limit` of each, by subject and position."""
    raise NotImplementedError


def at_positions(sight: Sight, positions: Iterable[int]) -> Question[Entry]:
    """Single events, as explanations rest on them."""
    raise NotImplementedError


def seen(sight: Sight, mentions: Iterable[UUID]) -> Question[UUID]:
    """Those of these incidents and pieces of evidence that the viewer may see."""
    raise NotImplementedError
