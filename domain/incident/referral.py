"""The referral of an incident to another authority: to act on it, or to be asked before there is a finding.

A referral gives sight, and with it the right to record evidence and to answer it. The finding stays with the authority
whose mandate covers the place. Before a finding, a hold must await one: the command names its request, whose stream is
consulted.
"""

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from domain import authority, jurisdiction
from domain.decider import By, Context, Verdict
from domain.incident.commands import CONTRIBUTORS
from domain.incident.events import Event, IncidentReferred, ReferralAnswered
from domain.incident.state import AttributionStatus, Incident
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import REGISTER, Actor, AuthorityCode, IncidentId, RequestId, Subject, Text, joined


@runtime_checkable
class AwaitsFindings(Protocol):
    """A request, as far as an incident knows of one: requests know incidents, not the other way round."""

    def held_for(self, incident: IncidentId) -> int | None:
        """The position of the hold that awaits a finding on the incident, if one does."""
        ...

    @property
    def audience(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferIncident:
    """deployment_request: whose hold awaits a finding. Required before there is one."""

    authority: AuthorityCode
    reason: Text
    deployment_request: RequestId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReferral:
    """By the authority to which it is referred."""

    answer: Text


def answer(command: AnswerReferral, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (ReferralAnswered(answer=command.answer),)


def _by_receiver(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    actor, receivers = context.actor, incident.referred_to
    met = actor.authority in receivers and not set(CONTRIBUTORS).isdisjoint(actor.roles)
    whose = joined(receivers) if receivers else "an authority to which it is referred"
    return (
        Verdict(rule="RECEIVER", met=met, description=f"This takes a requester, reviewer or investigator of {whose}."),
        *(permit(context) for permit in authority.by_registered(*CONTRIBUTORS)),
    )


def _a_receiver(incident: Incident, context: Context) -> Actor:
    """Of one that has not answered, if there is one. Without a referral, nobody has the permission."""
    codes = [each.authority for each in incident.referrals if not each.is_answered] or incident.referred_to
    return Actor(issuer="", subject=Subject(""), authority=codes[0] if codes else REGISTER, roles=CONTRIBUTORS)


RECEIVER: Final = By(_by_receiver, _a_receiver)


def is_unanswered(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """Each authority to which it is referred answers once."""
    own = incident.referral(context.actor.authority)
    met = own is not None and not own.is_answered
    return (
        Verdict(
            rule="ANSWERED_ONCE",
            met=met,
            description=f"{context.actor.authority} has answered already: record evidence, or propose a correction."
            if own and own.is_answered
            else f"{context.actor.authority} has not answered yet.",
        ),
    )


def refer(command: ReferIncident, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (IncidentReferred(authority=command.authority, reason=command.reason),)


def hold_of(command: ReferIncident, incident: Incident, context: Context) -> int | None:
    """The position of the hold for which it is referred. Raises Unread."""
    if command.deployment_request is None:
        return None
    request = context.read(object, command.deployment_request)
    if not isinstance(request, AwaitsFindings):
        return None
    seen = authority.viewer(context, context.actor).sees(request.audience)
    return request.held_for(incident.id) if seen else None


def is_found_or_awaited(command: ReferIncident, incident: Incident, context: Context) -> Verdict:
    """It is attributed, or the hold of a request awaits a finding on it, which the command names."""
    finding = incident.attribution
    return Verdict(
        rule="FOUND_OR_AWAITED",
        met=incident.status is AttributionStatus.ATTRIBUTED or command.deployment_request is not None,
        description="It is not attributed. Before that, it is referred if the hold of a request awaits a finding: "
        "name the request in deploymentRequest.",
        rests_on=(finding.position,) if finding else (),
    )


def is_not_yet_referred(command: ReferIncident, incident: Incident, context: Context) -> Verdict:
    """An incident is referred to each authority once."""
    return Verdict(
        rule="REFERRED_ONCE",
        met=command.authority not in incident.referred_to,
        description=f"It has already been referred to {command.authority}.",
    )


def receiver_is_registered(command: ReferIncident, incident: Incident, context: Context) -> Problems:
    """The receiving authority is registered."""
    yield from authority.unregistered_problems(command.authority, context)


def receiver_is_another(command: ReferIncident, incident: Incident, context: Context) -> Problems:
    """Before it is attributed, the receiving authority is not the one that investigates the place itself."""
    mandate = jurisdiction.deciding_mandate(context, incident.region)
    own = mandate is not None and mandate.authority == command.authority
    if own and incident.status is not AttributionStatus.ATTRIBUTED:
        yield FieldProblem(
            path="authority", message=f"'{command.authority}' investigates it itself: name another authority."
        )


def hold_awaits_it(command: ReferIncident, incident: Incident, context: Context) -> Problems:
    """The named request is seen by the actor, and its hold awaits a finding on the incident."""
    if command.deployment_request is not None and hold_of(command, incident, context) is None:
        yield FieldProblem(
            path="deploymentRequest",
            message=f"You see no request {command.deployment_request} whose hold awaits a finding on this incident: "
            "name another.",
        )
