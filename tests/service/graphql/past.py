"""What the register should say about the past: every answer folded from the events up to an instant, and no view."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from domain.catalogue import AGGREGATE_OF, fold
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import disclosed_to
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.visibility import Viewer
from domain.vocabulary import Actor
from projections.rows.audit_entries import difference, visible_changes
from tests.projections.model import Model
from tests.service.graphql.api_client import Answer

INCIDENT = "id version attributionStatus evidence { id } deploymentRequests { id version }"
REQUEST = f"""id version status revision hold {{ overdue awaiting {{ id }} }} decision {{ standing }}
    incidents {{ {INCIDENT} }} history(first: 100) {{ edges {{ node {{ position }} }} }}"""


@dataclass(frozen=True)
class Past:
    """What one person reads as of an instant: the states of then, of what they may see today."""

    model: Model
    who: Actor
    instant: datetime

    @cached_property
    def states(self) -> dict[UUID, Any]:
        return self.model.at(self.instant)

    @cached_property
    def looks(self) -> Viewer:
        return self.model.viewer(self.who)

    @cached_property
    def requests(self) -> list[DeploymentRequest]:
        return self.model.seen(self.who, DeploymentRequest, self.instant)

    @cached_property
    def incidents(self) -> list[Incident]:
        return self.model.seen(self.who, Incident, self.instant)

    def sees(self, id: UUID) -> bool:
        """Whether it was there then and may be seen today."""
        return id in self.states and self.looks.sees(self.model.now[id].audience)

    def history(self, id: UUID) -> list[Recorded[Any]]:
        return [recorded for recorded in self.model.log if recorded.stream == id]

    def request(self, id: UUID) -> Answer | None:
        return self.request_answer(self.states[id]) if self.sees(id) else None

    def request_answer(self, state: DeploymentRequest) -> Answer:
        return {
            "id": str(state.id),
            "version": state.version,
            "status": state.status,
            "revision": state.revision,
            "hold": {
                "overdue": state.hold.is_overdue(self.instant),
                "awaiting": [{"id": str(each)} for each in state.hold.awaiting if self.sees(each)],
            }
            if state.hold
            else None,
            "decision": {"standing": state.decision.standing} if state.decision else None,
            "incidents": [self.incident(each) for each in state.incidents if self.sees(each)],
            "history": {
                "edges": [
                    {"node": {"position": str(recorded.position)}}
                    for recorded in self.history(state.id)[: state.version]
                ]
            },
        }

    def incident(self, id: UUID) -> Answer | None:
        if not self.sees(id):
            return None
        state, today = self.states[id], self.model.now[id]
        evidence = [piece for piece in state.evidence if self.looks.sees(today.audience_of(piece))]
        resting = sorted((r for r in self.requests if id in r.incidents), key=lambda r: (r.submitted_at, r.id))
        return {
            "id": str(id),
            "version": state.version,
            "attributionStatus": state.status,
            "evidence": [{"id": str(piece.id)} for piece in evidence],
            "deploymentRequests": [{"id": str(request.id), "version": request.version} for request in resting],
        }

    def at_version(self, id: UUID, version: int) -> Answer | None:
        """A version is the instant at which it was recorded."""
        if not self.sees(id) or not 0 < version <= self.states[id].version:
            return None
        history = self.history(id)[:version]
        then = Past(self.model, self.who, history[-1].recorded_at)
        return then.request_answer(fold(AGGREGATE_OF[type(history[0].event)], history))

    def changes(self, id: UUID, first: int, last: int) -> list[Answer]:
        aggregate = AGGREGATE_OF[type(self.history(id)[0].event)]
        states = (fold(aggregate, self.history(id)[:version]) for version in (first, last))
        found, mentions = difference(*(disclosed_to(self.looks, state) for state in states))
        changes = visible_changes(found, mentions, {each for each in mentions if self.named(each)})
        return [{"path": each.path, "before": each.before, "after": each.after} for each in changes]

    def named(self, mention: UUID) -> bool:
        """Whether an incident, which a request can name, may be seen today."""
        return mention in self.model.now and self.looks.sees(self.model.now[mention].audience)
