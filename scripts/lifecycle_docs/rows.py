"""The rows of the lifecycle tables as text."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from domain import authority
from domain.decider import Context, Opening, Step
from domain.deployment_request.events import RequestSubmitted
from domain.deployment_request.evolution import evolve as evolve_request
from domain.deployment_request.lifecycle import STEPS as REQUEST_STEPS
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import IncidentReported
from domain.incident.evolution import evolve as evolve_incident
from domain.incident.lifecycle import STEPS as INCIDENT_STEPS
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction, Mandate, stream_of
from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AuthorityCode,
    Label,
    Marking,
    Period,
    Quorum,
    Region,
    Strength,
    Subject,
    Text,
    in_words,
)

NOBODY: Final = Actor(issuer="", subject=Subject(""), authority=AuthorityCode(""), roles=())
SOME_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
SOME_ID: Final = UUID(int=0)
PLACE: Final = Region("its place")
REQUESTING: Final = AuthorityCode("the requesting authority")
REPORTING: Final = AuthorityCode("the reporting authority")
INVESTIGATING: Final = AuthorityCode("the authority")
DECIDING: Final = AuthorityCode("the deciding authority")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step of a lifecycle table.

    states: empty if every status allows it. who: its actors; None if only the register takes it. automatic: whether the
    register may take it. awaited: whether it appears in inboxes.
    """

    action: str
    states: tuple[str, ...]
    leads_to: tuple[str, ...]
    who: str | None
    automatic: bool
    awaited: bool
    conditions: tuple[str, ...]


def request_rows() -> tuple[Row, ...]:
    return tuple(_row(step, _request()) for step in REQUEST_STEPS)


def incident_rows() -> tuple[Row, ...]:
    return tuple(_row(step, _incident()) for step in INCIDENT_STEPS)


def opening_conditions(opening: Opening[Any, Any, Any]) -> str:
    """Who may use the command, and its conditions."""
    permission = opening.permits[0](_context()).description
    return " ".join([permission, *(_sentence(check) for check in opening.checks)])


def label(status: str) -> str:
    return in_words(status).lower()


def _row(step: Step[Any, Any, Any], sample: Any) -> Row:
    context = _context()
    who = step.by.judge(sample, context)[0].description.removeprefix("This takes ").removesuffix(".")
    statuses: tuple[str, ...] = tuple(type(sample.status).__members__.values())
    rules: tuple[Callable[..., Any], ...] = (*step.permits, *step.conditions, *step.demands, *step.checks)
    return Row(
        action=step.action,
        states=()
        if len(step.states) == len(statuses)
        else tuple(status for status in statuses if status in step.states),
        leads_to=step.leads_to,
        who=None if step.by.somebody(sample, context).is_system else who,
        automatic=step.by.judge(sample, context.as_actor(SYSTEM))[0].met,
        awaited=step.awaited is not None,
        conditions=tuple(_sentence(rule) for rule in rules),
    )


def _sentence(rule: Callable[..., Any]) -> str:
    """The first line of a rule's docstring."""
    if not rule.__doc__:
        raise ValueError(f"{rule.__qualname__} has no docstring")
    return rule.__doc__.splitlines()[0]


def _recorded(event: Any) -> Recorded[Any]:
    command = CommandRef(name="Sample", id=SOME_ID, n=1, of=1)
    return Recorded(
        event=event,
        stream=SOME_ID,
        version=1,
        position=1,
        recorded_at=SOME_TIME,
        actor=NOBODY,
        command=command,
        correlation=SOME_ID,
    )


def _request() -> DeploymentRequest:
    event = RequestSubmitted(
        reference="",
        requesting_authority=REQUESTING,
        deciding_authority=DECIDING,
        endorsements_required=Quorum(1),
        force=Label(""),
        strength=Strength(1),
        region=PLACE,
        purpose=Text(""),
        period=Period(start=SOME_TIME, end=SOME_TIME),
        marking=Marking.CLEAR,
    )
    return evolve_request(None, _recorded(event))


def _incident() -> Incident:
    event = IncidentReported(
        reference="",
        kind=Label(""),
        description=Text(""),
        region=PLACE,
        occurred_at=SOME_TIME,
        marking=Marking.CLEAR,
    )
    return evolve_incident(None, replace(_recorded(event), actor=replace(NOBODY, authority=REPORTING)))


def _context() -> Context:
    """A mandate covers PLACE; no authority is registered."""
    mandate = Mandate(
        authority=INVESTIGATING,
        region=PLACE,
        legal_basis=Label(""),
        endorsements_required=Quorum(1),
        valid_from=SOME_TIME,
        valid_until=None,
        granted_at=1,
    )
    jurisdiction = Jurisdiction(id=SOME_ID, version=1, region=PLACE, mandates=(mandate,))
    unregistered = {authority.stream_of(actor.authority): None for actor in (NOBODY, SYSTEM)}
    consulted = {stream_of(PLACE): jurisdiction, **unregistered}
    return Context(actor=NOBODY, now=SOME_TIME, subject=SOME_ID, consulted=consulted)
