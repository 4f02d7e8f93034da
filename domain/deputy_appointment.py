"""Appointing and ending deputies: the commands, and what they are checked against."""

from dataclasses import dataclass
from datetime import datetime

from domain.authority import own_authority_is_registered
from domain.decider import Context, Opening, Verdict
from domain.deputies import (
    LENT,
    LONGEST_REASON,
    MOST,
    MOST_PRINCIPALS,
    ON_BEHALF_OF,
    Deputies,
    DeputyAppointed,
    DeputyEnded,
    Event,
    named,
    stream_of,
)
from domain.refusals import FieldProblem, Problems, past_problems
from domain.visibility import recipient
from domain.vocabulary import AuthorityCode, Label, Person, Role, Subject, Text, exact_time, joined


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointDeputy:
    """principal: whoever gives the command, if left out. Persons: a subject of the actor's issuer, or
    'person:ISSUER|SUBJECT'."""

    principal: Subject | None = None
    deputy: Subject
    authority: AuthorityCode
    roles: tuple[Role, ...]
    from_: datetime
    until: datetime
    reason: Text

    def problems(self) -> Problems:
        yield from _unreadable_persons(self)
        if not self.roles:
            yield FieldProblem(path="roles", message="Name the roles in which the deputy acts.")
        for number, role in enumerate(self.roles):
            if role not in LENT:
                can = joined([each.value for each in LENT], "and")
                message = f"The role {role} only gives sight, which no deputy gains: {can} can be named."
                yield FieldProblem(path=f"roles.{number}", message=message)
        if self.until <= self.from_:
            yield FieldProblem(path="until", message="It must lie after the start of the period.")
        if len(str(self.reason)) > LONGEST_REASON:
            yield FieldProblem(path="reason", message=f"It has at most {LONGEST_REASON:,} characters: shorten it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeputy:
    """principal, deputy: as in AppointDeputy."""

    principal: Subject | None = None
    deputy: Subject
    authority: AuthorityCode
    reason: Text

    def problems(self) -> Problems:
        yield from _unreadable_persons(self)


Command = AppointDeputy | EndDeputy


def _unreadable_persons(command: Command) -> Problems:
    for path, subject in (("principal", command.principal), ("deputy", command.deputy)):
        if subject is not None and not all(recipient(subject, "the actor's")):
            yield FieldProblem(path=path, message="Name a person of another issuer as 'person:ISSUER|SUBJECT'.")


def appoint(command: AppointDeputy, state: Deputies | None, context: Context) -> tuple[Event, ...]:
    principal, deputy = _persons(command, context)
    return (
        DeputyAppointed(
            authority=command.authority,
            principal_issuer=Label(principal[0]),
            principal=principal[1],
            deputy_issuer=Label(deputy[0]),
            deputy=deputy[1],
            roles=tuple(role for role in Role if role in command.roles),
            valid_from=command.from_,
            valid_until=command.until,
            reason=command.reason,
        ),
    )


def end(command: EndDeputy, state: Deputies | None, context: Context) -> tuple[Event, ...]:
    principal, deputy = _persons(command, context)
    return (
        DeputyEnded(
            authority=command.authority,
            principal_issuer=Label(principal[0]),
            principal=principal[1],
            deputy_issuer=Label(deputy[0]),
            deputy=deputy[1],
            reason=command.reason,
        ),
    )


def _persons(command: Command, context: Context) -> tuple[Person, Person]:
    """The principal and the deputy."""
    actor = context.actor
    principal = actor.person if command.principal is None else recipient(command.principal, actor.issuer)
    return principal, recipient(command.deputy, actor.issuer)


def _is_own_authority(command: Command, state: Deputies | None, context: Context) -> Verdict:
    code = context.actor.authority
    text = f"You act for {code}: the deputies of {command.authority} are appointed within {command.authority}."
    return Verdict(rule="AUTHORITY", met=code == command.authority, description=text)


def _appoints_by_themselves(command: AppointDeputy, state: Deputies | None, context: Context) -> Verdict:
    return _by_either(command, context, ("principal",))


def _ends_by_themselves(command: EndDeputy, state: Deputies | None, context: Context) -> Verdict:
    return _by_either(command, context, ("principal", "deputy"))


def _by_either(command: Command, context: Context, parties: tuple[str, ...]) -> Verdict:
    """An administrator of the authority, or one of the parties."""
    persons = dict(zip(("principal", "deputy"), _persons(command, context), strict=True))
    met = Role.ADMINISTRATOR in context.actor.roles or context.actor.person in [persons[each] for each in parties]
    who = joined([f"the {each} themselves" for each in parties], "or")
    return Verdict(rule="ROLE", met=met, description=f"This takes an administrator of {command.authority}, or {who}.")


def _is_for_themselves(command: Command, state: Deputies | None, context: Context) -> Problems:
    """A deputy appoints and ends no deputies: what is lent is not lent on."""
    if context.actor.on_behalf_of is not None:
        yield FieldProblem(path=ON_BEHALF_OF, message="A deputy appoints and ends no deputies: leave it out.")


def _is_another(command: AppointDeputy, state: Deputies | None, context: Context) -> Problems:
    """Nobody deputises for themselves."""
    principal, deputy = _persons(command, context)
    if principal == deputy:
        yield FieldProblem(path="deputy", message="Nobody is their own deputy: name another person.")


def _lends_own_roles(command: AppointDeputy, state: Deputies | None, context: Context) -> Problems:
    """A person lends roles that they have themselves. An administrator answers for those of others."""
    principal, _ = _persons(command, context)
    if principal != context.actor.person:
        return
    for number, role in enumerate(command.roles):
        if role not in context.actor.roles:
            message = f"You are no {role.lower()}: a person lends the roles that they have."
            yield FieldProblem(path=f"roles.{number}", message=message)


def _lasts(command: AppointDeputy, state: Deputies | None, context: Context) -> Problems:
    """The period is not over."""
    yield from past_problems("until", command.until, context.now)


def _is_new(command: AppointDeputy, state: Deputies | None, context: Context) -> Problems:
    """A deputy has one appointment by a principal at a time."""
    principal, deputy = _persons(command, context)
    for each in state.of(deputy, principal) if state else ():
        if not each.is_over(context.now) and max(each.valid_from, command.from_) < min(each.valid_until, command.until):
            message = (
                f"{named(deputy, context.actor.issuer)} is their deputy from {exact_time(each.valid_from)} until "
                f"{exact_time(each.valid_until)}: end that first."
            )
            yield FieldProblem(path="deputy", message=message)


def _has_room(command: AppointDeputy, state: Deputies | None, context: Context) -> Problems:
    """An authority has at most 500 deputies at once, and a deputy 20 principals."""
    _, deputy = _persons(command, context)
    standing = [each for each in state.appointments if not each.is_over(context.now)] if state else []
    if len(standing) >= MOST:
        yield FieldProblem(path="deputy", message=f"{command.authority} has {MOST} deputies, the maximum: end some.")
    elif sum(each.deputy == deputy for each in standing) >= MOST_PRINCIPALS:
        whom = named(deputy, context.actor.issuer)
        message = f"{whom} is the deputy of {MOST_PRINCIPALS} already, the maximum: name another."
        yield FieldProblem(path="deputy", message=message)


def _exists(command: EndDeputy, state: Deputies | None, context: Context) -> Problems:
    """There is such an appointment, and it is not over."""
    principal, deputy = _persons(command, context)
    if state is None or all(each.is_over(context.now) for each in state.of(deputy, principal)):
        theirs = named(principal, context.actor.issuer)
        message = f"{named(deputy, context.actor.issuer)} is no deputy of {theirs} in {command.authority}."
        yield FieldProblem(path="deputy", message=message)


OPENINGS = (
    Opening(
        command=AppointDeputy,
        stream_of=lambda command: stream_of(command.authority),
        permits=(own_authority_is_registered,),
        allows=(_is_own_authority, _appoints_by_themselves),
        checks=(_is_for_themselves, _is_another, _lends_own_roles, _lasts, _is_new, _has_room),
        record=appoint,
    ),
    Opening(
        command=EndDeputy,
        stream_of=lambda command: stream_of(command.authority),
        permits=(own_authority_is_registered,),
        allows=(_is_own_authority, _ends_by_themselves),
        checks=(_is_for_themselves, _exists),
        record=end,
    ),
)
