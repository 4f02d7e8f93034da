"""Aggregate: an organisation that requests, decides, investigates or observes. Its code determines its stream."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.decider import Context, Opening, Verdict
from domain.recorded_event import Recorded, Upcasters
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import REGISTER, Actor, AuthorityCode, Label, Role, derived_id, joined


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRegistered:
    code: AuthorityCode
    name: Label


Event = AuthorityRegistered

UPCASTERS: Final[Upcasters] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    id: UUID
    version: int
    code: AuthorityCode
    name: Label
    registered_at: datetime
    registered_by: Actor


def evolve(state: Authority | None, recorded: Recorded[Event]) -> Authority:
    event = recorded.event
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


Command = RegisterAuthority


def register(command: RegisterAuthority, authority: Authority | None, context: Context) -> tuple[Event, ...]:
    return (AuthorityRegistered(code=command.code, name=command.name),)


def stream_of(code: AuthorityCode) -> UUID:
    return derived_id("authority", code)


def find(context: Context, code: AuthorityCode) -> Authority | None:
    return context.read(Authority, stream_of(code))


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


OPENINGS = (
    Opening(
        command=RegisterAuthority,
        stream_of=lambda command: stream_of(command.code),
        permits=(by_administrator, own_authority_is_registered),
        checks=(_is_new,),
        record=register,
    ),
)
