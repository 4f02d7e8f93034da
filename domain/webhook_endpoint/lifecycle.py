"""The commands of a webhook endpoint, by administrators of its authority, and their rules."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any, Final

from domain import authority
from domain.authority import by_administrator, own_authority_is_registered
from domain.decider import By, Context, Opening, Step, Verdict
from domain.message_types import type_problems
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, Label, Role, Subject, Text
from domain.webhook_endpoint.events import (
    Event,
    WebhookEndpointChanged,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookKeyRotated,
)
from domain.webhook_endpoint.state import ISSUER, EndpointStatus, WebhookEndpoint

URL_LENGTH: Final = 2000
LAST_PORT: Final = 65_535
HOST_PART: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
URL_FORM: Final = re.compile(
    rf"https?://(?:(?=[^:/?]{{1,253}}(?:[:/?]|$)){HOST_PART}(?:\.{HOST_PART})*|\[([0-9a-f:.]+)\])"
    r"(?::([0-9]{1,5}))?(?:[/?][!-\"$-~]*)?",
    re.IGNORECASE,
)
"""The groups are an IPv6 address and a port."""


def _is_address(url: str) -> bool:
    """Whether a message can be sent to it, as far as the address itself says."""
    if (form := URL_FORM.fullmatch(url)) is None or not 0 < int(form[2] or 1) <= LAST_PORT:
        return False
    try:
        return form[1] is None or bool(IPv6Address(form[1]))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an endpoint is: part of two commands."""

    name: Label
    url: str
    roles: tuple[Role, ...]
    types: tuple[str, ...] = ()
    document: Label | None = None

    def problems(self) -> Problems:
        if len(self.url) > URL_LENGTH or not _is_address(self.url):
            message = (
                f"It must be an http or https address of at most {URL_LENGTH:,} characters, without user, password, "
                "fragment or spaces: 'https://receiver.example/mandate'."
            )
            yield FieldProblem(path="url", message=message)
        if not self.roles:
            yield FieldProblem(path="roles", message="Name a role as which it reads, such as OBSERVER.")
        yield from type_problems(self.types)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterWebhookEndpoint(Terms):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWebhookEndpoint(Terms):
    """Replaces all of its terms."""

    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableWebhookEndpoint:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableWebhookEndpoint:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateWebhookKey:
    reason: Text


Command = (
    RegisterWebhookEndpoint | ChangeWebhookEndpoint | DisableWebhookEndpoint | EnableWebhookEndpoint | RotateWebhookKey
)


def is_visible(endpoint: WebhookEndpoint, context: Context) -> bool:
    return authority.viewer(context, context.actor).sees(endpoint.audience)


def _gives_what_they_have(command: Terms, state: WebhookEndpoint | None, context: Context) -> Problems:
    """An endpoint reads no more than whoever sets its address: auditors read more than others."""
    if Role.AUDITOR in command.roles and Role.AUDITOR not in context.actor.roles:
        yield FieldProblem(path="roles", message="Only an administrator who is an auditor gives the role AUDITOR.")


def _differs(command: ChangeWebhookEndpoint, endpoint: WebhookEndpoint, context: Context) -> Problems:
    terms = ("name", "url", "roles", "types", "document")
    if all(getattr(command, each) == getattr(endpoint, each) for each in terms):
        yield FieldProblem(path="url", message="These are its terms already.")


def _of_administrators(endpoint: WebhookEndpoint, context: Context) -> tuple[Verdict, ...]:
    """The register itself disables an endpoint that is gone."""
    actor, code = context.actor, endpoint.authority
    met = actor.is_system or (Role.ADMINISTRATOR in actor.roles and actor.authority == code)
    return (Verdict(rule="ADMINISTRATOR", met=met, description=f"This takes an administrator of {code}."),)


def _somebody(endpoint: WebhookEndpoint, context: Context) -> Actor:
    return Actor(issuer=ISSUER, subject=Subject(""), authority=endpoint.authority, roles=(Role.ADMINISTRATOR,))


def _registered(command: RegisterWebhookEndpoint, state: WebhookEndpoint | None, context: Context) -> tuple[Event, ...]:
    return (
        WebhookEndpointRegistered(
            authority=context.actor.authority,
            name=command.name,
            url=command.url,
            roles=command.roles,
            types=command.types,
            document=command.document,
        ),
    )


def _changed(command: ChangeWebhookEndpoint, endpoint: WebhookEndpoint, context: Context) -> tuple[Event, ...]:
    return (
        WebhookEndpointChanged(
            authority=endpoint.authority,
            name=command.name,
            url=command.url,
            roles=command.roles,
            types=command.types,
            document=command.document,
            reason=command.reason,
        ),
    )


def _disabled(command: DisableWebhookEndpoint, endpoint: WebhookEndpoint, context: Context) -> tuple[Event, ...]:
    return (WebhookEndpointDisabled(authority=endpoint.authority, reason=command.reason),)


def _enabled(command: EnableWebhookEndpoint, endpoint: WebhookEndpoint, context: Context) -> tuple[Event, ...]:
    return (WebhookEndpointEnabled(authority=endpoint.authority, reason=command.reason),)


def _rotated(command: RotateWebhookKey, endpoint: WebhookEndpoint, context: Context) -> tuple[Event, ...]:
    return (WebhookKeyRotated(authority=endpoint.authority, reason=command.reason),)


BY_ADMINISTRATOR: Final = By(_of_administrators, _somebody)
ALWAYS: Final = frozenset(EndpointStatus)

OPENINGS = (
    Opening(
        command=RegisterWebhookEndpoint,
        permits=(by_administrator, own_authority_is_registered),
        checks=(_gives_what_they_have,),
        record=_registered,
    ),
)
STEPS: Final[tuple[Step[WebhookEndpoint, Any, Event], ...]] = (
    Step(
        action="CHANGE",
        command=ChangeWebhookEndpoint,
        states=ALWAYS,
        by=BY_ADMINISTRATOR,
        checks=(_gives_what_they_have, _differs),
        record=_changed,
    ),
    Step(
        action="DISABLE",
        command=DisableWebhookEndpoint,
        states=frozenset({EndpointStatus.ENABLED}),
        leads_to=(EndpointStatus.DISABLED,),
        by=BY_ADMINISTRATOR,
        record=_disabled,
    ),
    Step(
        action="ENABLE",
        command=EnableWebhookEndpoint,
        states=frozenset({EndpointStatus.DISABLED}),
        leads_to=(EndpointStatus.ENABLED,),
        by=BY_ADMINISTRATOR,
        record=_enabled,
    ),
    Step(
        action="ROTATE_KEY",
        command=RotateWebhookKey,
        states=ALWAYS,
        by=BY_ADMINISTRATOR,
        record=_rotated,
    ),
)
