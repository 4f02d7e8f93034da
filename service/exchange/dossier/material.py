"""The input of a dossier: histories as one viewer may see them, and the rule results at each decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.decider import Verdict
from domain.deployment_request.decision import Condition
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.state import Evidence, Incident
from domain.jurisdiction import Mandate
from domain.vocabulary import Actor, Marking
from service.access.identity import ISSUER
from service.exchange.visible_log.history import HistoryStep


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """One event. before: state before it. verdicts: results of the rules at that time, for a decision."""

    step: HistoryStep
    before: Any
    verdicts: tuple[Verdict, ...] = ()

    @property
    def happened_at(self) -> datetime:
        return self.step.entry.occurred_at or self.step.entry.recorded_at


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """An incident that the request names, with its history. evidence: the visible part."""

    incident: Incident
    moments: tuple[DossierEvent, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintDetails:
    """When and for whom the dossier is printed.

    by: the viewer; None for the operator, who sees everything. account: the operator's account.
    position, recorded_at: of the request's last event.
    """

    at: datetime
    by: Actor | None
    account: str
    as_of: datetime | None
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The input of a dossier.

    marking: now, the strictest of the request, its incidents and their evidence.
    mandate: the mandate under which the request is decided.
    hides_incidents: whether the request names incidents that the viewer may not see.
    names: (issuer, subject) -> name of the person. authorities: code -> name.
    digests: position of an event -> SHA-256 of its stored bytes.
    """

    request: DeploymentRequest
    marking: Marking
    mandate: Mandate | None
    moments: tuple[DossierEvent, ...]
    incidents: tuple[IncidentFile, ...]
    hides_incidents: bool
    names: Mapping[tuple[str, str], str]
    authorities: Mapping[str, str]
    digests: Mapping[int, str]
    printed: PrintDetails

    @property
    def overdue(self) -> tuple[Condition, ...]:
        """The conditions of a standing approval that are overdue at the instant of the dossier."""
        request, at = self.request, self.printed.as_of or self.printed.at
        if request.status is not RequestStatus.APPROVED or request.decision is None:
            return ()
        return tuple(condition for condition in request.decision.conditions if condition.is_overdue(at))

    def reference(self, incident: UUID) -> str | None:
        """The reference of an incident; None if the viewer may not see it."""
        return next((each.incident.reference for each in self.incidents if each.incident.id == incident), None)

    def person(self, actor: Actor) -> str:
        """'Ana', or 'Ana for Ben' if Ana acts on behalf of Ben."""
        if actor.is_system:
            return "The register itself"
        return " for ".join(self.names.get(person, person[1]) for person in actor.persons)

    def subjects(self, actor: Actor) -> str | None:
        """'ana', or 'ana for ben'; None if `person` says the same. An issuer other than the register is named."""
        spoken = " for ".join(
            subject if issuer == ISSUER else f"{subject} at {issuer}" for issuer, subject in actor.persons
        )
        return None if not actor.is_named or spoken == self.person(actor) else spoken

    def authority(self, code: str) -> str:
        """'KFOR', or 'EXERCISE police service (exercise-police)' if the name differs from the code."""
        name = self.authorities.get(code, code)
        return name if name.casefold() == code else f"{name} ({code})"

    def roles(self, actor: Actor) -> str:
        return ", ".join(role.lower() for role in actor.roles)
