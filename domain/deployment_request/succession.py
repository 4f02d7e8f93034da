"""The succession of the deciding authority: the commands, and what they are checked against.

When its mandate has ended, the register names the authority whose mandate covers the region now. That authority sees
the request from then on, and takes it over; the review starts again. A decided request stays with who decided it.
"""

from dataclasses import dataclass
from typing import Protocol

from domain import jurisdiction
from domain.decider import Context, Verdict
from domain.deployment_request.events import Event
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.jurisdiction import Mandate
from domain.vocabulary import AuthorityCode, Region, Text

Verdicts = tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSuccessor:
    """By the register. successor: None if nobody is to take over any more."""

    successor: AuthorityCode | None = None
    reason: Text


def name(command: NameSuccessor, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (SuccessorNamed(successor=command.successor, reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverRequest:
    reason: Text


def take_over(command: TakeOverRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    """Raises ValueError if no mandate of the successor covers the region."""
    mandate = _of_successor(request, context)
    if mandate is None:
        raise ValueError(f"no mandate of a successor covers {request.region}")
    return (
        RequestTakenOver(
            deciding_authority=mandate.authority,
            endorsements_required=mandate.endorsements_required,
            answer_within_days=mandate.answer_within_days,
            hearing=mandate.hearing,
            reason=command.reason,
        ),
    )


class Placed(Protocol):
    """What the succession of a request depends on."""

    @property
    def requesting_authority(self) -> AuthorityCode: ...
    @property
    def deciding_authority(self) -> AuthorityCode: ...
    @property
    def region(self) -> Region: ...


def due_successor(request: Placed, context: Context) -> AuthorityCode | None:
    """The authority that is to take over now: None while a mandate of the deciding one covers the region, if no mandate
    does, and if the nearest is that of the requesting one, which does not decide on its own request."""
    mandates = jurisdiction.mandates_over(context, request.region)
    if not mandates or any(mandate.authority == request.deciding_authority for mandate in mandates):
        return None
    nearest = mandates[0].authority
    return None if nearest == request.requesting_authority else nearest


def is_to_be_named(request: DeploymentRequest, context: Context) -> Verdicts:
    """Another authority than the one that is named, or nobody any more, is to take over by the mandates in force."""
    due = due_successor(request, context)
    positions = tuple(_positions(request, context))
    return (
        Verdict(
            rule="SUCCESSOR",
            met=due != request.successor,
            description=f"By the mandates in force, {due or 'nobody'} is to take over: this is not recorded yet."
            if due != request.successor
            else "Who is to take over is recorded already.",
            rests_on=positions,
        ),
    )


def is_named(request: DeploymentRequest, context: Context) -> Verdicts:
    """The register has recorded that the mandate of the deciding authority has ended, and whose mandate covers it."""
    decider, successor = request.deciding_authority, request.successor
    return (
        Verdict(
            rule="SUCCESSOR",
            met=successor is not None,
            description=f"The mandate of {decider} over {request.region} has ended: {successor} is to take over."
            if successor
            else f"Nobody is to take over: {decider} decides.",
            rests_on=(request.successor_at,) if request.successor_at else (),
        ),
    )


def nobody_succeeds(request: DeploymentRequest, context: Context) -> Verdicts:
    """No other authority is to take the request over."""
    decider, successor = request.deciding_authority, request.successor
    ended = f"The mandate of {decider} over {request.region} has ended"
    return (
        Verdict(
            rule="SUCCESSOR",
            met=successor is None,
            description=f"{ended}: {successor} is to take over and decide."
            if successor
            else f"Nobody else is to take over: {decider} decides.",
            rests_on=(request.successor_at,) if request.successor_at else (),
        ),
    )


def mandate_covers(request: DeploymentRequest, context: Context) -> Verdicts:
    """A mandate of the authority that is to take over covers the region."""
    mandate = _of_successor(request, context)
    whose = request.successor or "the authority that is to take over"
    covers = f"mandate of {whose} covers {request.region}"
    return (
        Verdict(
            rule="MANDATE",
            met=mandate is not None,
            description=f"A {covers}." if mandate else f"No {covers}.",
            rests_on=(mandate.granted_at,) if mandate else (),
        ),
    )


def last_change(request: DeploymentRequest, context: Context) -> int:
    """The last event that changed who is to take over."""
    return max((request.successor_at or 0, request.because[0], *_positions(request, context)))


def _positions(request: DeploymentRequest, context: Context) -> tuple[int, ...]:
    """Of the grants and ends of all mandates over the region."""
    every = jurisdiction.every_mandate_over(context, request.region)
    return tuple(position for each in every for position in (each.granted_at, each.ended_by) if position is not None)


def _of_successor(request: DeploymentRequest, context: Context) -> Mandate | None:
    """The nearest mandate of the successor over the region."""
    mandates = jurisdiction.mandates_over(context, request.region)
    return next((mandate for mandate in mandates if mandate.authority == request.successor), None)
