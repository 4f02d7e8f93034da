"""Random requests of which much waits for somebody, and the question what does."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.decider import Context, available
from domain.deployment_request import events
from domain.deployment_request.hearing_events import NoticeGiven, StatementMade
from domain.deployment_request.inbox import AWAITED
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.deployment_request.succession_events import RequestTakenOver
from domain.incident import events as incident_events
from domain.incident.inbox import AWAITED as AWAITED_OF_INCIDENTS
from domain.incident.inbox import is_lacking
from domain.incident.lifecycle import STEPS as INCIDENT_STEPS
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.vocabulary import Actor, Marking, Period, Role, Subject
from projections.reading.queries import Query, ViewerScope
from projections.views import inbox
from projections.views.inbox import InboxFilter, InboxPosition, InboxRow
from tests.projections.chance import CODES
from tests.projections.histories import Histories
from tests.projections.model import Model, actor

RECORDED: Final = datetime.now(UTC)
EVERYTHING: Final = InboxFilter()
RARELY: Final = (
    events.RequestAmended,
    events.RequestRemarked,
    events.ReviewerRecused,
    events.RequestWithdrawn,
    events.RequestDenied,
    events.ApprovalRevoked,
    events.ApprovalExpired,
    events.ExtensionGranted,
    events.ExtensionRefused,
    RequestTakenOver,
)
PERSONS: Final = [
    actor(f"p{number}", code, *roles)
    for number in (1, 3, 5, 9)
    for code in CODES[:3]
    for roles in ((Role.REVIEWER,), (Role.APPROVER, Role.REQUESTER), tuple(Role))
]


WHOLE: Final = [actor("p9", code, *Role) for code in CODES[:3]]
"""One of each authority, with every role and no part in anything."""


class Awaiting(Histories):
    """Many endorsements and approvals. Periods and due dates lie before and after the recording, which is now."""

    def _on_request(self, state: DeploymentRequest) -> Any:
        if (drawn := self.random.random()) < 0.02:
            return events.RequestMarkingProposed(marking=Marking.CLEAR, reason=self.text())
        if drawn < 0.2:
            subject = self.random.choice([None, Subject("p2"), Subject("p2")])
            return events.RequestAssigned(subject=subject, reason=self.text())
        if state.status is RequestStatus.UNDER_REVIEW and self.random.random() < 0.5:
            chosen = self.random.choice((events.Recommendation.APPROVE,) * 3 + (events.Recommendation.DENY,))
            return events.RequestEndorsed(recommendation=chosen, reason=self.text(), revision=state.revision)
        if state.hearing_required and self.random.random() < 0.2:
            return self._heard(state)
        if state.status is RequestStatus.APPROVED and self.random.random() < 0.4:
            return self._extension(state)
        if state.status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION and self.random.random() < 0.8:
            return events.RequestRemarked(reason=self.text())
        while isinstance(event := super()._on_request(state), RARELY) and self.random.random() < 0.95:
            pass
        return event

    def _heard(self, state: DeploymentRequest) -> Any:
        if state.hearing is None or state.hearing.statement_at is not None:
            return NoticeGiven(reason=self.text(), until=self.due())
        return StatementMade(statement=self.text())

    def _extension(self, state: DeploymentRequest) -> Any:
        if state.extension is None:
            return events.ExtensionAsked(until=RECORDED + timedelta(days=400), reason=self.text())
        chosen = self.random.choice((events.Recommendation.APPROVE,) * 3 + (events.Recommendation.DENY,))
        return events.ExtensionEndorsed(recommendation=chosen, reason=self.text(), revision=state.revision)

    def _on_incident(self, state: Incident) -> Any:
        if self.random.random() < 0.3:
            return self._marked(incident_events.IncidentMarkingProposed)
        return super()._on_incident(state)

    def _submitted(self) -> list[tuple[UUID, Any]]:
        """Most are decided by the authority whose mandates cover every region."""
        (stream, event), *rest = super()._submitted()
        if self.random.random() < 0.7:
            event = replace(event, deciding_authority=CODES[0], marking=Marking.CLEAR, recipients=())
        event = replace(event, hearing=self.random.random() < 0.4)
        return [(stream, event), *rest]

    def due(self) -> datetime:
        return RECORDED + timedelta(days=self.random.randint(-30, 200))

    def period(self) -> Period:
        start = RECORDED + timedelta(days=self.random.randint(-130, 170))
        return Period(start=start, end=start + timedelta(days=self.random.randint(1, 90)))


def holds_of(states: dict[Any, Any], who: Actor, now: datetime) -> tuple[str, ...]:
    mandates = [state.mandate(now) for state in states.values() if isinstance(state, Jurisdiction)]
    return tuple(each.region for each in mandates if each is not None and each.authority == who.authority)


def asked_of_every_request(
    model: Model, states: dict[Any, Any], who: Actor, now: datetime, *, sees: Actor | None = None
) -> Counter[tuple[Any, str]]:
    """The actions that are available to somebody, of those that are awaited. sees: the person that a deputy is."""
    found: Counter[tuple[Any, str]] = Counter()
    looks = model.viewer(sees or who)
    for request in states.values():
        if isinstance(request, DeploymentRequest) and looks.sees(model.now[request.id].audience):
            context = Context(actor=who, now=now, subject=request.id, consulted=Everything(states))
            actions = set(available(STEPS, request, context))
            for step in (step for step in AWAITED if step.action in actions):
                by = step.awaited.by if step.awaited else None
                awaited = by is None or all(verdict.met for verdict in by.judge(request, context))
                if awaited and step.awaited and step.awaited.is_now(request, now):
                    found[request.id, step.action] += 1
    return found


def others_of(states: dict[Any, Any], who: Actor, now: datetime) -> tuple[str, ...]:
    """The regions over which other authorities hold a mandate."""
    mandates = [state.mandate(now) for state in states.values() if isinstance(state, Jurisdiction)]
    return tuple(each.region for each in mandates if each is not None and each.authority != who.authority)


def asked_of_every_incident(
    model: Model, states: dict[Any, Any], who: Actor, now: datetime, *, sees: Actor | None = None
) -> Counter[tuple[Any, str]]:
    """The same of incidents, and the findings that visible holds await, one for each request."""
    found: Counter[tuple[Any, str]] = Counter()
    looks, attributable = model.viewer(sees or who), set[UUID]()
    for incident in states.values():
        if isinstance(incident, Incident) and looks.sees(model.now[incident.id].audience):
            context = Context(actor=who, now=now, subject=incident.id, consulted=Everything(states))
            actions = set(available(INCIDENT_STEPS, incident, context))
            if "ATTRIBUTE" in actions:
                attributable.add(incident.id)
            for step in (step for step in AWAITED_OF_INCIDENTS if step.action in actions):
                by = step.awaited.by if step.awaited else None
                awaited = by is None or all(verdict.met for verdict in by.judge(incident, context))
                if awaited and step.awaited and step.awaited.is_now(incident, now):
                    found[incident.id, step.action] += 1
    for request in states.values():
        if isinstance(request, DeploymentRequest) and looks.sees(model.now[request.id].audience) and request.hold:
            for each in attributable.intersection(request.hold.awaiting):
                if request.hold.held_since <= now and is_lacking(request.hold.threshold, states[each]):
                    found[each, "ATTRIBUTE"] += 1
    return found


class Everything(dict[Any, Any]):
    """States by stream; a stream without events has none."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: object) -> None:
        return None


def page_at(scope: ViewerScope, *, now: datetime, **rest: Any) -> Query[tuple[InboxPosition, InboxRow]]:
    return inbox.page(replace(scope, clock=now), **rest)


def count_at(scope: ViewerScope, *, now: datetime, **rest: Any) -> Query[int]:
    return inbox.count(replace(scope, clock=now), **rest)
