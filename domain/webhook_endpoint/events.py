"""The events of a webhook endpoint."""

from dataclasses import dataclass

from domain.vocabulary import AuthorityCode, Label, Role, Text


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointRegistered:
    """authority, roles: as whom it reads. types: of the messages; empty for all.

    document: the trusted document whose answer is sent; None for a thin message.
    """

    authority: AuthorityCode
    name: Label
    url: str
    roles: tuple[Role, ...]
    types: tuple[str, ...] = ()
    document: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointChanged:
    """All of its terms, changed or not."""

    authority: AuthorityCode
    name: Label
    url: str
    roles: tuple[Role, ...]
    types: tuple[str, ...] = ()
    document: Label | None = None
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointDisabled:
    authority: AuthorityCode
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointEnabled:
    authority: AuthorityCode
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookKeyRotated:
    authority: AuthorityCode
    reason: Text


Event = (
    WebhookEndpointRegistered
    | WebhookEndpointChanged
    | WebhookEndpointDisabled
    | WebhookEndpointEnabled
    | WebhookKeyRotated
)
