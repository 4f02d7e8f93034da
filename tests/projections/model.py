"""The register in memory: what the views should answer, found out slowly and plainly."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from domain import authority
from domain.authority import Authority
from domain.catalogue import AGGREGATE_OF
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import disclosed_to
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.recorded_event import Recorded
from domain.visibility import Viewer, viewer
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Region, Role, Subject, covers
from tests.projections.chance import ISSUER

S = TypeVar("S", DeploymentRequest, Incident)


def actor(subject: str, code: str, *roles: Role) -> Actor:
    return Actor(issuer=ISSUER, subject=Subject(subject), authority=AuthorityCode(code), roles=roles)


ACTORS = (
    SYSTEM,
    actor("p1", "alpha", Role.REVIEWER),
    actor("p2", "bravo", Role.INVESTIGATOR),
    actor("p3", "carol", Role.AUDITOR),
    actor("p4", "delta", Role.OBSERVER, Role.AUDITOR),
    actor("p5", "bravo", Role.AUDITOR),
    actor("p9", "nowhere", Role.OBSERVER),
)


class Model:
    def __init__(self, log: Sequence[Recorded[Any]]) -> None:
        self.log = log
        self.now = self.at(None)

    def at(self, instant: datetime | None) -> dict[UUID, Any]:
        """The states of all streams as of an instant, or now."""
        states: dict[UUID, Any] = {}
        for recorded in self.log:
            if instant is None or recorded.recorded_at <= instant:
                evolve = AGGREGATE_OF[type(recorded.event)].evolve
                states[recorded.stream] = evolve(states.get(recorded.stream), recorded)
        return states

    def viewer(self, who: Actor) -> Viewer:
        own = self.now.get(authority.stream_of(who.authority))
        registered, everything = isinstance(own, Authority), isinstance(own, Authority) and own.audits_everything
        moment = datetime.now(UTC)
        mandates = [state.mandate(moment) for state in self.now.values() if isinstance(state, Jurisdiction)]
        holds = [mandate.region for mandate in mandates if mandate and mandate.authority == who.authority]
        return viewer(who, registered=registered, holds=holds, audits_everything=everything)

    def seen(self, who: Actor, kind: type[S], instant: datetime | None = None) -> list[S]:
        """What somebody may see today, as it was then."""
        looks = self.viewer(who)
        states = (state for state in self.at(instant).values() if isinstance(state, kind))
        visible = [state for state in states if looks.sees(self.now[state.id].audience)]
        return [_disclosed(looks, state) for state in visible]


def _disclosed(looks: Viewer, state: Any) -> Any:
    return disclosed_to(looks, state) if isinstance(state, DeploymentRequest) else state


def in_regions(region: Region, wanted: Iterable[str]) -> bool:
    return any(covers(Region(outer), region) for outer in wanted)
