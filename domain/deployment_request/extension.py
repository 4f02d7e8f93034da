"""The extension of an approval: the commands, and what they are checked against.

The approval stands until the extension is granted, and ends as it would have if it is not.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.decider import Context, Verdict
from domain.deployment_request import ballot, events
from domain.deployment_request.events import Event, Recommendation
from domain.deployment_request.state import DeploymentRequest
from domain.refusals import FieldProblem, Problems, past_problems
from domain.vocabulary import Text, exact_time, format_time

Verdicts = tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExtension:
    """until: when the approval is to end instead."""

    until: datetime
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EndorseExtension:
    recommendation: Recommendation
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantExtension:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseExtension:
    reason: Text


def ask(command: AskExtension, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ExtensionAsked(until=command.until, reason=command.reason),)


def endorse(command: EndorseExtension, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (
        events.ExtensionEndorsed(
            recommendation=command.recommendation, reason=command.reason, revision=request.revision
        ),
    )


def grant(command: GrantExtension, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    """Raises ValueError if none is asked for."""
    if request.extension is None:
        raise ValueError(f"no extension of {request.reference} is asked for")
    return (events.ExtensionGranted(until=request.extension.until, reason=command.reason),)


def refuse(command: RefuseExtension, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.ExtensionRefused(reason=command.reason),)


def is_not_asked(request: DeploymentRequest, context: Context) -> Verdicts:
    """No extension is asked for yet."""
    extension = request.extension
    if extension is None:
        return ()
    asked = f"An extension until {format_time(extension.until)} is asked for already"
    return (
        Verdict(
            rule="EXTENSION",
            met=False,
            description=f"{asked}: {request.deciding_authority} is to grant or to refuse it first.",
            rests_on=(extension.position,),
        ),
    )


def is_asked(request: DeploymentRequest, context: Context) -> Verdicts:
    """An extension is asked for."""
    extension = request.extension
    if extension is None:
        text = f"No extension is asked for: a requester of {request.requesting_authority} can ask for one."
        return (Verdict(rule="EXTENSION", met=False, description=text),)
    text = f"An extension until {format_time(extension.until)} is asked for."
    return (Verdict(rule="EXTENSION", met=True, description=text, rests_on=(extension.position,)),)


def approval_lasts(request: DeploymentRequest, context: Context) -> Verdicts:
    """The approval is not over."""
    ends = request.expires_at
    met = ends is not None and context.now < ends
    return (
        Verdict(
            rule="VALIDITY",
            met=met,
            description=f"The approval {'ends' if met else 'ended'} on {format_time(ends)}."
            if ends
            else "There is no approval that could be extended.",
            rests_on=request.decision.made_by if request.decision else (),
        ),
    )


def is_unquestioned(request: DeploymentRequest, context: Context) -> Verdicts:
    """The approval is not questioned."""
    decision = request.decision
    if decision is None or not decision.is_questioned:
        return ()
    return (
        Verdict(
            rule="QUESTIONED",
            met=False,
            description="The approval is questioned: it is to be confirmed before it is extended.",
            rests_on=(decision.questioned_by,) if decision.questioned_by else (),
        ),
    )


def has_not_endorsed(request: DeploymentRequest, context: Context) -> Verdicts:
    """Each person endorses an extension once."""
    found = ballot.on_extension(request)
    if found is None or request.extension is None:
        return ()
    return (ballot.is_new(found, request.extension.endorsements, context),)


def is_endorsed(request: DeploymentRequest, context: Context) -> Verdicts:
    """Enough endorsements of the extension recommend it, more than oppose it; the approver's own is not counted."""
    found = ballot.on_extension(request)
    return () if found is None else ballot.has_quorum(found, request, context)


def ends_later(command: AskExtension, request: DeploymentRequest, context: Context) -> Problems:
    """The new end lies in the future, and after the present end of the approval."""
    ends = request.expires_at
    if command.until <= context.now:
        yield from past_problems("until", command.until, context.now)
    elif ends is not None and command.until <= ends:
        yield FieldProblem(
            path="until",
            message=f"It must lie after the end of the approval, {exact_time(ends)}: name a later instant.",
        )
