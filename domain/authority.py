"""Aggregate: an organisation that requests, decides, investigates or observes. Its code determines its stream."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from domain import visibility
from domain.decider import Context, Opening, Verdict
from domain.recorded_event import Recorded
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import REGISTER, SYSTEM, Actor, AuthorityCode, Label, Region, Role, Text, derived_id, joined


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRegistered:
    code: AuthorityCode
    name: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditingSet:
    """Whether the authority's auditors see everything but what is marked RED, or only what concerns the authority."""

    code: AuthorityCode
    audits_everything: bool
    reason: Text


Event = AuthorityRegistered | AuditingSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    id: UUID
    version: int
    code: AuthorityCode
    name: Label
    registered_at: datetime
    registered_by: Actor
    audits_everything: bool = False


def evolve(state: Authority | None, recorded: Recorded[Event]) -> Authority:
    """The authority after one more event. Raises ValueError if the first event is not AuthorityRegistered."""
    event = recorded.event
    if isinstance(event, AuditingSet):
        if state is None:
            raise ValueError(f"AuditingSet at position {recorded.position} comes before AuthorityRegistered")
        return replace(state, version=recorded.version, audits_everything=event.audits_everything)
    return Authority(
        id=recorded.stream,
        version=recorded.version,
        code=event.code,
        name=event.name,
        registered_at=recorded.happened_at,
        registered_by=recorded.actor,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAuthority:
    code: AuthorityCode
    name: Label

    def problems(self) -> Problems:
        if self.code == REGISTER:
            yield FieldProblem(path="code", message="'register' is the register itself: choose another code.")
        if self.code.endswith("-i"):
            yield FieldProblem(path="code", message="A code that ends in '-i' would read like an incident's reference.")


def register(command: RegisterAuthority, authority: Authority | None, context: Context) -> tuple[Event, ...]:
    return (AuthorityRegistered(code=command.code, name=command.name),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAuditingAuthority:
    authority: AuthorityCode
    audits_everything: bool
    reason: Text


Command = RegisterAuthority | SetAuditingAuthority


def set_auditing(command: SetAuditingAuthority, authority: Authority | None, context: Context) -> tuple[Event, ...]:
    return (AuditingSet(code=command.authority, audits_everything=command.audits_everything, reason=command.reason),)


def stream_of(code: AuthorityCode) -> UUID:
    return derived_id("authority", code)


def find(context: Context, code: AuthorityCode) -> Authority | None:
    return context.read(Authority, stream_of(code))


def unregistered_problems(code: AuthorityCode, context: Context) -> Problems:
    """Of a command whose field `authority` names one that has to be registered."""
    if find(context, code) is None:
        yield FieldProblem(path="authority", message=f"No authority '{code}' is registered.")


def the_register() -> Authority:
    """The register itself, as the subject of what an operator commands. It is never registered."""
    return Authority(
        id=stream_of(REGISTER),
        version=0,
        code=REGISTER,
        name=Label("The register"),
        registered_at=datetime.min.replace(tzinfo=UTC),
        registered_by=SYSTEM,
    )


def viewer(context: Context, actor: Actor, holds: Iterable[Region] = ()) -> visibility.Viewer:
    """The actor as a viewer, by what is recorded of their authority. holds: the regions over which it has a mandate."""
    found = None if actor.is_system else find(context, actor.authority)
    return visibility.viewer(
        actor,
        registered=found is not None,
        holds=holds,
        audits_everything=found is not None and found.audits_everything,
    )


def by_administrator(context: Context) -> Verdict:
    met = Role.ADMINISTRATOR in context.actor.roles
    return Verdict(rule="ROLE", met=met, description="This takes an administrator.")


def own_authority_is_registered(context: Context) -> Verdict:
    """In an empty register, the first administrator registers their own authority first."""
    code = context.actor.authority
    met = context.subject == stream_of(code) or find(context, code) is not None
    registered = f"{code} is registered or is being registered."
    missing = f"Your authority, {code}, is not registered: register it first. Then you can administer."
    return Verdict(rule="REGISTERED", met=met, description=registered if met else missing)


def by_operator_or(rule: Callable[[Context], Verdict]) -> Callable[[Context], Verdict]:
    """The register itself records what an operator commands."""

    def judged(context: Context) -> Verdict:
        if context.actor.is_system:
            return Verdict(rule="OPERATOR", met=True, description="The operator may do this.")
        return rule(context)

    return judged


def by_registered(*roles: Role) -> tuple[Callable[[Context], Verdict], ...]:
    """The rules that require one of the roles, for a registered authority."""
    role_names = joined([role.lower() for role in roles])

    def has_role(context: Context) -> Verdict:
        met = any(role in context.actor.roles for role in roles)
        return Verdict(rule="ROLE", met=met, description=f"This takes a {role_names} of a registered authority.")

    def is_registered(context: Context) -> Verdict:
        code = context.actor.authority
        met = find(context, code) is not None
        text = f"{code} is registered." if met else f"{code} is not registered: an administrator can register it."
        return Verdict(rule="REGISTERED", met=met, description=text)

    return (has_role, is_registered)


def _is_new(command: RegisterAuthority, authority: Authority | None, context: Context) -> Problems:
    if authority is not None:
        yield FieldProblem(path="code", message=f"The authority '{command.code}' is registered already.")


def _is_registered(command: SetAuditingAuthority, authority: Authority | None, context: Context) -> Problems:
    if authority is None:
        yield FieldProblem(path="authority", message=f"No authority '{command.authority}' is registered.")


def _takes_another_administrator(
    command: SetAuditingAuthority, authority: Authority | None, context: Context
) -> Problems:
    """With `two_administrators`, whoever registered an authority cannot let its auditors see everything."""
    if (
        context.two_administrators
        and command.audits_everything
        and authority is not None
        and authority.registered_by.shares_a_person(context.actor)
    ):
        yield FieldProblem(
            path="authority",
            message=f"You registered '{command.authority}': another administrator has to let it audit everything.",
        )


OPENINGS = (
    Opening(
        command=SetAuditingAuthority,
        stream_of=lambda command: stream_of(command.authority),
        permits=(by_administrator, own_authority_is_registered),
        checks=(_is_registered, _takes_another_administrator),
        record=set_auditing,
    ),
    Opening(
        command=RegisterAuthority,
        stream_of=lambda command: stream_of(command.code),
        permits=(by_administrator, own_authority_is_registered),
        checks=(_is_new,),
        record=register,
    ),
)
