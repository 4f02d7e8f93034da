"""The right to be heard before a denial or a revocation (Article 41(2)(a) of the EU Charter of Fundamental Rights).

It is required if the mandate of the deciding authority says so at the submission. A notice holds for one revision of
the terms: an amendment ends it, and so does an approval or its confirmation.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.decider import Context, Verdict
from domain.deployment_request.commands import DenyRequest, RevokeApproval
from domain.deployment_request.events import Event
from domain.deployment_request.hearing_events import NoticeGiven, StatementMade
from domain.deployment_request.state import DeploymentRequest
from domain.refusals import FieldProblem, Problems, past_problems
from domain.vocabulary import Text, format_time

Verdicts = tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveNotice:
    """until: by when the requesting side may make a statement."""

    grounds: Text
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeStatement:
    statement: Text


def give_notice(command: GiveNotice, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (NoticeGiven(reason=command.grounds, until=command.until),)


def make_statement(command: MakeStatement, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (StatementMade(statement=command.statement),)


def is_required(request: DeploymentRequest, context: Context) -> Verdicts:
    """The mandate required a hearing when the request was submitted."""
    met = request.hearing_required
    return (
        Verdict(
            rule="HEARING",
            met=met,
            description=f"A denial or a revocation takes a hearing of {request.requesting_authority}."
            if met
            else "No hearing is required: the mandate did not ask for one when the request was submitted.",
        ),
    )


def no_notice_runs(request: DeploymentRequest, context: Context) -> Verdicts:
    """No notice is given whose time has not passed, and to which no statement was made."""
    hearing = request.hearing
    if hearing is None or hearing.over_at <= context.now:
        return ()
    text = f"Notice is given already: a statement can be made until {format_time(hearing.until)}."
    return (Verdict(rule="NOTICE", met=False, description=text, rests_on=(hearing.position,)),)


def notice_runs(request: DeploymentRequest, context: Context) -> Verdicts:
    """Notice is given, its time has not passed, and no statement was made."""
    hearing = request.hearing
    if hearing is None:
        text = f"No notice was given by {request.deciding_authority} that it intends to deny or to revoke."
        return (Verdict(rule="NOTICE", met=False, description=text),)
    if hearing.statement_at is not None:
        text = f"A statement was made on {format_time(hearing.statement_at)}: make a remark instead."
    elif hearing.until <= context.now:
        text = f"The time for a statement ended on {format_time(hearing.until)}: make a remark instead."
    else:
        text = f"A statement can be made until {format_time(hearing.until)}."
    met = hearing.over_at > context.now
    return (Verdict(rule="NOTICE", met=met, description=text, rests_on=(hearing.position,)),)


def is_heard(request: DeploymentRequest, context: Context) -> Verdicts:
    """If a hearing is required, the requesting side has made a statement, or let the time pass; unless it is urgent."""
    if not request.hearing_required:
        return ()
    hearing = request.hearing
    met = _was_heard(request, context)
    if hearing is None:
        text = f"Notice has to be given to {request.requesting_authority} first, unless it is urgent."
    elif met:
        text = f"Notice was given to {request.requesting_authority}, which was heard or let the time pass."
    else:
        text = f"The time of {request.requesting_authority} for a statement ends on {format_time(hearing.until)}."
    positions = (hearing.position,) if hearing else ()
    return (Verdict(rule="HEARD", met=met, description=text, rests_on=positions, binding=False),)


def urgency_is_stated(command: DenyRequest | RevokeApproval, request: DeploymentRequest, context: Context) -> Problems:
    """A decision before a required hearing states why it cannot wait; any other states no urgency."""
    lacking = request.hearing_required and not _was_heard(request, context)
    if lacking and command.urgency is None:
        first = f"Give {request.requesting_authority} notice first, and hear it or let the time pass"
        message = f"{first}; or say here why it cannot wait."
        yield FieldProblem(path="urgency", message=message)
    elif not lacking and command.urgency is not None:
        yield FieldProblem(path="urgency", message="Nobody has to be heard before this is decided: leave it out.")


def notice_leaves_time(command: GiveNotice, request: DeploymentRequest, context: Context) -> Problems:
    """The time for a statement ends in the future."""
    yield from past_problems("until", command.until, context.now)


def _was_heard(request: DeploymentRequest, context: Context) -> bool:
    return request.hearing is not None and request.hearing.over_at <= context.now
