"""What a dossier is made from: histories as one viewer may see them, and what the rules said at each decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.deciding import Verdict
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Evidence, Incident
from domain.jurisdiction import Mandate
from domain.vocabulary import Actor
from service.exchange.visible_log.history import HistoryStep


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """One event. before: its subject before it. verdicts: what the rules said then to who decided."""

    step: HistoryStep
    before: Any
    verdicts: tuple[Verdict, ...] = ()

    @property
    def happened_at(self) -> datetime:
        return self.step.entry.occurred_at or self.step.entry.recorded_at


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """An incident that the request names, and its history. evidence: what of it the viewer may see."""

    incident: Incident
    moments: tuple[DossierEvent, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintDetails:
    """When and for whom it is printed. by: None for the operator, who sees everything. account: of the operator.

    position: of the last event that is told, recorded_at: when that was recorded.
    """

    at: datetime
    by: Actor | None
    account: str
    as_of: datetime | None
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """mandate: the one by which it is decided.

    hides_incidents: whether the request rests on incidents that the viewer may not see.
    names: of persons, by issuer and subject. authorities: their names by code.
    """

    request: DeploymentRequest
    mandate: Mandate | None
    moments: tuple[DossierEvent, ...]
    incidents: tuple[IncidentFile, ...]
    hides_incidents: bool
    names: Mapping[tuple[str, str], str]
    authorities: Mapping[str, str]
    printed: PrintDetails

    def reference(self, incident: UUID) -> str | None:
        """None for one that the viewer may not see."""
        return next((each.incident.reference for each in self.incidents if each.incident.id == incident), None)

    def person(self, actor: Actor) -> str:
        if actor.is_system:
            return "The register itself"
        return self.names.get(actor.person, actor.subject)

    def authority(self, code: str) -> str:
        """'KFOR', or 'EXERCISE police service (exercise-police)' where the name does not tell the code."""
        name = self.authorities.get(code, code)
        return name if name.casefold() == code else f"{name} ({code})"

    def roles(self, actor: Actor) -> str:
        return ", ".join(role.lower() for role in actor.roles)
