"""Events as the trusted documents select them, as entries of a timeline."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from projections.rows.value_changes import Change
from service.cli.remote.pages import Struct
from service.cli.remote.server import Server
from service.cli.timeline import TimelineEntry

NOBODY: Final = UUID(int=0)


class Code(Struct):
    code: str


class PersonAnswer(Struct):
    """name: None if the register does not know it."""

    subject: str
    issuer: str
    name: str | None


class ActorAnswer(Struct):
    subject: str
    issuer: str
    authority: str
    name: str | None
    roles: tuple[Role, ...]
    on_behalf_of: PersonAnswer | None


class ChangeAnswer(Struct):
    path: str
    before: Any
    after: Any


class SubjectAnswer(Struct):
    typename: str = msgspec.field(name="__typename")
    id: UUID
    reference: str | None = None
    code: str | None = None


class EventAnswer(Struct):
    """subject: None in a history, which is about one."""

    position: str
    version: int
    type: str
    recorded_at: datetime
    occurred_at: datetime | None
    reason: str | None
    payload: dict[str, Any]
    redactions: tuple[str, ...]
    actor: ActorAnswer
    changes: tuple[ChangeAnswer, ...]
    subject: SubjectAnswer | None = None

    @property
    def happened_at(self) -> datetime:
        return self.occurred_at or self.recorded_at

    @property
    def who(self) -> Actor:
        principal = self.actor.on_behalf_of
        return Actor(
            issuer=self.actor.issuer,
            subject=Subject(self.actor.subject),
            authority=AuthorityCode(self.actor.authority),
            roles=self.actor.roles,
            on_behalf_of=None if principal is None else (principal.issuer, Subject(principal.subject)),
        )

    @property
    def names(self) -> dict[tuple[str, str], str]:
        named = zip(self.who.persons, (self.actor, self.actor.on_behalf_of), strict=False)
        return {person: each.name for person, each in named if each is not None and each.name is not None}


class References(dict[str, str]):
    """Id -> reference of an incident that the bearer may see, asked for when it is first needed."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def get(self, id: str, default: Any = None) -> Any:
        if _is_id(id) and id not in self:
            found = self._server.find(f"/incidents/{id}", SubjectNamed)
            self[id] = id if found is None else found.reference
        return super().get(id, default)


class SubjectNamed(Struct):
    id: UUID
    reference: str


def entry(event: EventAnswer, references: References, subject: SubjectNamed | None, kind: str = "") -> TimelineEntry:
    """subject, kind: of a history; the event names its own in the trail."""
    named = event.subject
    return TimelineEntry(
        entry=AuditEntry(
            position=int(event.position),
            subject=named.id if named else subject.id if subject else NOBODY,
            kind=named.typename if named else kind,
            version=event.version,
            type=event.type,
            recorded_at=event.recorded_at,
            occurred_at=event.occurred_at,
            actor=event.who,
            correlation=NOBODY,
            causation=None,
            mentions=(),
            payload={},
            changes=(),
            erased=(),
        ),
        shown=VisibleEntry(
            reason=event.reason,
            payload=event.payload,
            changes=tuple(Change(each.path, each.before, each.after) for each in event.changes),
            redactions=event.redactions,
        ),
        about=(named.reference or named.code or str(named.id)) if named else None,
        references=references,
        names=event.names,
    )


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
