"""The commands of a mail subscription, by the person whose address it is, and their rules."""

from dataclasses import dataclass
from typing import Any, Final

from domain import authority
from domain.authority import own_authority_is_registered
from domain.decider import By, Context, Opening, Step, Verdict
from domain.deputies import ON_BEHALF_OF
from domain.mail_address import ADDRESS_LENGTH, is_address
from domain.mail_subscription.events import (
    Event,
    MailSubscribed,
    MailSubscriptionConfirmed,
    MailSubscriptionDisabled,
    MailSubscriptionEnabled,
)
from domain.mail_subscription.state import MailSubscription, MailSubscriptionStatus
from domain.message_types import type_problems
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, Role, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeMail:
    """roles: those of the actor, if left out."""

    address: str
    roles: tuple[Role, ...] = ()
    types: tuple[str, ...] = ()

    def problems(self) -> Problems:
        if not is_address(self.address):
            message = (
                f"It must be a mail address of at most {ADDRESS_LENGTH} ASCII characters, without a name or quotes: "
                "'ana.h@pristina.example'."
            )
            yield FieldProblem(path="address", message=message)
        yield from type_problems(self.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmMailSubscription:
    """is_right: whether the code is the one that was sent to the address, which whoever has the key knows."""

    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableMailSubscription:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableMailSubscription:
    reason: Text


Command = SubscribeMail | ConfirmMailSubscription | DisableMailSubscription | EnableMailSubscription


def is_visible(subscription: MailSubscription, context: Context) -> bool:
    return authority.viewer(context, context.actor).sees(subscription.audience)


def _is_for_themselves(command: SubscribeMail, state: MailSubscription | None, context: Context) -> Problems:
    """A deputy's appointment ends; a subscription would not."""
    if context.actor.on_behalf_of is not None:
        yield FieldProblem(path=ON_BEHALF_OF, message="A person subscribes their own address: leave it out.")


def _has_roles(command: SubscribeMail, state: MailSubscription | None, context: Context) -> Problems:
    """A subscription reads no more than the person."""
    for number, role in enumerate(command.roles):
        if role not in context.actor.roles:
            message = f"You are no {role.lower()}: a subscription has roles that you have."
            yield FieldProblem(path=f"roles.{number}", message=message)


def _is_right(command: ConfirmMailSubscription, subscription: MailSubscription, context: Context) -> Problems:
    """The code is the one that was sent to the address."""
    if not command.is_right:
        yield FieldProblem(path="code", message="It is not the code that was sent to the address.")


def _is_theirs(subscription: MailSubscription, context: Context) -> bool:
    actor, theirs = context.actor, subscription.subscribed_by
    return actor.on_behalf_of is None and (actor.person, actor.authority) == (theirs.person, theirs.authority)


def _of_the_person(subscription: MailSubscription, context: Context) -> tuple[Verdict, ...]:
    text = "This takes the person whose address it is."
    return (Verdict(rule="PERSON", met=_is_theirs(subscription, context), description=text),)


def _of_the_person_or_administrators(subscription: MailSubscription, context: Context) -> tuple[Verdict, ...]:
    """The register itself disables an address that does not exist."""
    actor, code = context.actor, subscription.authority
    administers = Role.ADMINISTRATOR in actor.roles and actor.authority == code
    met = actor.is_system or administers or _is_theirs(subscription, context)
    text = f"This takes the person whose address it is, or an administrator of {code}."
    return (Verdict(rule="PERSON", met=met, description=text),)


def _keeps_roles(subscription: MailSubscription, context: Context) -> tuple[Verdict, ...]:
    """A subscription reads no more than the person."""
    lost = [role for role in subscription.roles if role not in context.actor.roles]
    text = "You have the roles of the subscription: otherwise subscribe again."
    return (Verdict(rule="ROLES", met=not lost, description=text),)


def _the_person(subscription: MailSubscription, context: Context) -> Actor:
    return subscription.subscribed_by


def _subscribed(command: SubscribeMail, state: MailSubscription | None, context: Context) -> tuple[Event, ...]:
    actor = context.actor
    roles = tuple(role for role in Role if role in (command.roles or actor.roles))
    event = MailSubscribed(authority=actor.authority, address=command.address, roles=roles, types=command.types)
    return (event,)


def _confirmed(command: ConfirmMailSubscription, subscription: MailSubscription, context: Context) -> tuple[Event, ...]:
    return (MailSubscriptionConfirmed(authority=subscription.authority),)


def _disabled(command: DisableMailSubscription, subscription: MailSubscription, context: Context) -> tuple[Event, ...]:
    return (MailSubscriptionDisabled(authority=subscription.authority, reason=command.reason),)


def _enabled(command: EnableMailSubscription, subscription: MailSubscription, context: Context) -> tuple[Event, ...]:
    return (MailSubscriptionEnabled(authority=subscription.authority, reason=command.reason),)


BY_PERSON: Final = By(_of_the_person, _the_person)

OPENINGS = (
    Opening(
        command=SubscribeMail,
        permits=(own_authority_is_registered,),
        checks=(_is_for_themselves, _has_roles),
        record=_subscribed,
    ),
)
STEPS: Final[tuple[Step[MailSubscription, Any, Event], ...]] = (
    Step(
        action="CONFIRM",
        command=ConfirmMailSubscription,
        states=frozenset({MailSubscriptionStatus.UNCONFIRMED}),
        leads_to=(MailSubscriptionStatus.ENABLED,),
        by=BY_PERSON,
        checks=(_is_right,),
        record=_confirmed,
    ),
    Step(
        action="DISABLE",
        command=DisableMailSubscription,
        states=frozenset({MailSubscriptionStatus.UNCONFIRMED, MailSubscriptionStatus.ENABLED}),
        leads_to=(MailSubscriptionStatus.DISABLED,),
        by=By(_of_the_person_or_administrators, _the_person),
        record=_disabled,
    ),
    Step(
        action="ENABLE",
        command=EnableMailSubscription,
        states=frozenset({MailSubscriptionStatus.DISABLED}),
        leads_to=(MailSubscriptionStatus.UNCONFIRMED, MailSubscriptionStatus.ENABLED),
        by=BY_PERSON,
        conditions=(_keeps_roles,),
        record=_enabled,
    ),
)
