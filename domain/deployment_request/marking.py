"""Changes of the marking of a request: the command, who gives it, and what it is checked against."""

from dataclasses import dataclass, replace
from typing import Final

from domain import jurisdiction, markings, visibility
from domain.decider import Awaited, By, Context, Verdict
from domain.deployment_request import events
from domain.deployment_request.commands import SubmitRequest
from domain.deployment_request.events import Event
from domain.deployment_request.permission import by_the_register_too, not_recused
from domain.deployment_request.state import DeploymentRequest
from domain.markings import ChangeMarking
from domain.refusals import Problems
from domain.vocabulary import Actor, AuthorityCode, Role, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequestMarking(ChangeMarking):
    """By the requesting side or those who decide."""


def change(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    marking, recipients = markings.target(command, request)
    if markings.proposes(command, request, context.actor, _sides(request, context.actor)):
        return (events.RequestMarkingProposed(marking=marking, recipients=recipients, reason=command.reason),)
    return (events.RequestMarkingChanged(marking=marking, recipients=recipients, reason=command.reason),)


def _sides(request: DeploymentRequest, actor: Actor) -> markings.Sides:
    """Reviewers and approvers of the deciding authority raise it. A requester proposes to lower it."""
    is_interested = request.is_interested(*actor.persons)
    decides = actor.authority == request.deciding_authority and not is_interested
    return markings.Sides(
        raises=decides and (Role.REVIEWER in actor.roles or Role.APPROVER in actor.roles),
        proposes=actor.authority == request.requesting_authority and Role.REQUESTER in actor.roles,
        accepts=decides and Role.APPROVER in actor.roles,
        raiser=f"a reviewer or approver of {request.deciding_authority} who is neither recused nor interested",
        proposer=f"a requester of {request.requesting_authority}",
        approver=f"an approver of {request.deciding_authority} who is neither recused nor interested",
    )


def _by_either_side(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
    sides = _sides(request, context.actor)
    who = f"{sides.proposer}, or {sides.raiser}"
    if context.actor.is_system:
        return (by_the_register_too(False, who),)
    return markings.takes_part(sides, who), not_recused(request, context.actor, who)


def _a_reviewer(request: DeploymentRequest, context: Context) -> Actor:
    return Actor(issuer="", subject=Subject(""), authority=request.deciding_authority, roles=(Role.REVIEWER,))


def _by_accepting_approver(request: DeploymentRequest, context: Context) -> tuple[Verdict, ...]:
    sides, proposal = _sides(request, context.actor), request.proposal
    met = sides.accepts and proposal is not None and not proposal.is_by(context.actor)
    takes = Verdict(rule="ROLE", met=met, description=f"This takes {sides.approver}, other than the proposer.")
    return takes, not_recused(request, context.actor, sides.approver)


def _an_approver(request: DeploymentRequest, context: Context) -> Actor:
    return replace(_a_reviewer(request, context), roles=(Role.APPROVER,))


PROPOSAL: Final[Awaited[DeploymentRequest]] = Awaited(
    since=lambda request: request.proposal.at if request.proposal else None,
    due=lambda request: None,
    why=lambda request: (
        f"{request.requesting_authority} proposes another marking or more recipients: accept it, or leave it as it is."
    ),
    by=By(_by_accepting_approver, _an_approver),
)
EITHER_SIDE = By(_by_either_side, _a_reviewer)


def is_named(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> bool:
    """Whether the actor accepts a proposal that names them, without seeing the request."""
    actor = context.actor
    return markings.names_the_actor(command, request, request.submitted_by, actor) and all(
        verdict.met for verdict in _by_accepting_approver(request, context)
    )


def is_permitted(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> Verdict:
    """A reviewer or approver raises a marking. Lowering it takes a requester, who proposes it, and an approver."""
    return markings.permitted(command, request, _sides(request, context.actor))


def proposal_fits(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> Verdict:
    """A proposal is one of at most 1,000, and the request has less than 100 MB of text."""
    return markings.has_room(command, request, context, _sides(request, context.actor))


def lowering_is_proposed(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> Verdict:
    """An approver lowers a marking to what a requester proposes."""
    return markings.accepted(command, request, context.actor, _sides(request, context.actor))


def changes_something(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> Problems:
    """The marking or the recipients change; only what is marked RED has recipients. Nobody repeats their proposal."""
    yield from markings.changes_something(command, request)
    yield from markings.is_not_yet_proposed(command, request, context.actor)


def red_has_a_decider(command: SubmitRequest, request: DeploymentRequest | None, context: Context) -> Problems:
    """A RED request names a recipient other than its author."""
    mandate = jurisdiction.deciding_mandate(context, command.region)
    if mandate is not None:
        author = context.actor
        persons = (visibility.recipient(each, author.issuer) for each in command.recipients)
        yield from markings.lacks_decider(command.marking, persons, author.persons, _approver_of(mandate.authority))


def red_keeps_a_decider(command: ChangeRequestMarking, request: DeploymentRequest, context: Context) -> Problems:
    """A RED request names a recipient who is neither recused nor interested, nor the one who raises it to RED."""
    marking, recipients = markings.target(command, request)
    persons = (visibility.recipient(each, request.submitted_by.issuer) for each in recipients)
    parts = (part.person for part in (*request.authors, *request.recusals))
    barred = (*parts, *markings.raiser_to_red(request, context.actor))
    yield from markings.lacks_decider(marking, persons, barred, _approver_of(request.deciding_authority))


def _approver_of(code: AuthorityCode) -> str:
    return f"an approver of {code}, who decides, as recipient"
