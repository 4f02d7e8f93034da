"""Aggregate: the deputies of an authority's persons, each for a period and in some roles. One stream per authority.

A deputy acts for a principal only in roles that the appointment and the deputy's own token both name: the register
knows the roles of persons from their tokens alone. Nobody sees more as a deputy.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from domain import visibility
from domain.blocked_persons import is_blocked
from domain.decider import Context
from domain.recorded_event import Recorded
from domain.refusals import FieldProblem, InvalidInput, NotPermitted, Refusal
from domain.validation import judge
from domain.visibility import recipient
from domain.vocabulary import Actor, AuthorityCode, Label, Person, Role, Subject, Text, derived_id, joined

ON_BEHALF_OF: Final = "onBehalfOf"
"""The field of every input that names the principal."""

MOST: Final = 500
"""Appointments of an authority that are kept: those that are not over, and the last of the others."""
LONGEST_REASON: Final = 1_000
"""Characters of the reason of an appointment: whoever may act for others reads all of them."""
MOST_PRINCIPALS: Final = 20
"""Of one deputy at once: their inbox lists what waits for each."""
LENT: Final = (Role.REQUESTER, Role.REVIEWER, Role.APPROVER, Role.INVESTIGATOR, Role.ADMINISTRATOR)
"""The roles that take steps. The others only give sight, which no deputy gains."""


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyAppointed:
    """Takes effect at valid_from, or when it was recorded if that is later."""

    authority: AuthorityCode
    principal_issuer: Label
    principal: Subject
    deputy_issuer: Label
    deputy: Subject
    roles: tuple[Role, ...]
    valid_from: datetime
    valid_until: datetime
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyEnded:
    """Ends every appointment of the deputy by the principal, also one to come."""

    authority: AuthorityCode
    principal_issuer: Label
    principal: Subject
    deputy_issuer: Label
    deputy: Subject
    reason: Text


Event = DeputyAppointed | DeputyEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """The right of a deputy to act for a principal, from valid_from to before valid_until. position: of its event."""

    principal: Person
    deputy: Person
    roles: tuple[Role, ...]
    valid_from: datetime
    valid_until: datetime
    reason: Text
    position: int

    def is_valid(self, now: datetime) -> bool:
        return self.valid_from <= now < self.valid_until

    def is_over(self, now: datetime) -> bool:
        return self.valid_until <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputies:
    """The appointments of one authority. Each keeps its place; a new one may take that of one that is over."""

    id: UUID
    version: int
    authority: AuthorityCode
    appointments: tuple[Appointment, ...] = ()

    def appointment(self, deputy: Person, principal: Person, now: datetime) -> Appointment | None:
        """By which the deputy may act for the principal now."""
        return next((each for each in self.of(deputy, principal) if each.is_valid(now)), None)

    def of(self, deputy: Person, principal: Person) -> Iterator[Appointment]:
        return (each for each in self.appointments if (each.deputy, each.principal) == (deputy, principal))

    def lent_to(self, deputy: Person, now: datetime) -> tuple[Appointment, ...]:
        """The appointments by which the deputy may act now."""
        return tuple(each for each in self.appointments if each.deputy == deputy and each.is_valid(now))


def evolve(state: Deputies | None, recorded: Recorded[Event]) -> Deputies:
    event, at = recorded.event, recorded.happened_at
    appointments = state.appointments if state else ()
    principal, deputy = (event.principal_issuer, event.principal), (event.deputy_issuer, event.deputy)
    if isinstance(event, DeputyAppointed):
        appointment = Appointment(
            principal=principal,
            deputy=deputy,
            roles=event.roles,
            valid_from=max(event.valid_from, at),
            valid_until=event.valid_until,
            reason=event.reason,
            position=recorded.position,
        )
        appointments = _placed(appointments, appointment, at)
    else:
        appointments = tuple(
            replace(each, valid_until=at)
            if (each.principal, each.deputy) == (principal, deputy) and not each.is_over(at)
            else each
            for each in appointments
        )
    return Deputies(id=recorded.stream, version=recorded.version, authority=event.authority, appointments=appointments)


def _placed(appointments: tuple[Appointment, ...], new: Appointment, now: datetime) -> tuple[Appointment, ...]:
    """With the new one: in the place of the oldest that is over if there is no room, else at the end."""
    over = [place for place, each in enumerate(appointments) if each.is_over(now)]
    if len(appointments) < MOST or not over:
        return (*appointments, new)
    place = min(over, key=lambda each: appointments[each].position)
    return (*appointments[:place], new, *appointments[place + 1 :])


def stream_of(code: AuthorityCode) -> UUID:
    return derived_id("deputies", code)


def audience(code: AuthorityCode) -> frozenset[str]:
    """Who may see who is whose deputy: the authority itself, and the auditors of everything."""
    return frozenset({visibility.authority(code), visibility.AUDITORS})


def named(person: Person, issuer: str) -> str:
    """A person in a sentence to somebody of an issuer."""
    return f"'{person[1]}'" if person[0] == issuer else f"'{person[1]}' of '{person[0]}'"


def principal_of(written: str, issuer: str) -> Person | FieldProblem:
    """The person that `onBehalfOf` names to somebody of an issuer."""
    message = judge(written, Subject)
    person = recipient(Subject(written), issuer)
    if message is None and not all(person):
        message = "Name a person of another issuer as 'person:ISSUER|SUBJECT'."
    return person if message is None else FieldProblem(path=ON_BEHALF_OF, message=message)


def acting(context: Context) -> Actor | InvalidInput:
    """The actor of a command, as a deputy in the roles of their appointment alone; or why they are none."""
    actor = context.actor
    if (principal := actor.on_behalf_of) is None:
        return actor
    appointed = context.read(Deputies, stream_of(actor.authority))
    return deputising(actor, principal, appointed, context.now, lambda person: is_blocked(person, context))


def deputising(
    actor: Actor, principal: Person, appointed: Deputies | None, now: datetime, is_blocked: Callable[[Person], bool]
) -> Actor | InvalidInput:
    """The actor on behalf of a principal, by the appointments of their authority; or why they are no deputy."""
    if principal == actor.person:
        return InvalidInput.at(ON_BEHALF_OF, "Nobody acts on behalf of themselves: leave it out.")
    whom, code = named(principal, actor.issuer), actor.authority
    appointment = appointed.appointment(actor.person, principal, now) if appointed else None
    if appointment is None:
        can = f"{whom} or an administrator of {code} can appoint you"
        return InvalidInput.at(ON_BEHALF_OF, f"You are not the deputy of {whom} in {code} now: {can}, or leave it out.")
    for person, text in ((principal, f"{whom} is"), (actor.person, "You are")):
        if is_blocked(person):
            return InvalidInput.at(ON_BEHALF_OF, f"{text} blocked: nobody acts on behalf of {whom} then. Leave it out.")
    roles = tuple(role for role in actor.roles if role in appointment.roles)
    if not roles:
        lent = joined([role.lower() for role in appointment.roles], "and")
        return InvalidInput.at(
            ON_BEHALF_OF, f"{whom} lends you the roles {lent}, of which your own token names none: leave it out."
        )
    sight = tuple(role for role in actor.roles if role not in LENT)
    return replace(actor, roles=(*roles, *sight), on_behalf_of=principal)


def with_appointment(refusal: Refusal, actor: Actor) -> Refusal:
    """A refusal that says in which roles a deputy acts."""
    if actor.on_behalf_of is None or not isinstance(refusal, NotPermitted):
        return refusal
    roles = joined([role.lower() for role in actor.roles if role in LENT], "and")
    whom = named(actor.on_behalf_of, actor.issuer)
    rest = f"On behalf of {whom} you act as {roles}: leave out {ON_BEHALF_OF} to act for yourself."
    return NotPermitted(message=f"{refusal.message} {rest}")
