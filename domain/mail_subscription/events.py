"""The events of a mail subscription."""

from dataclasses import dataclass

from domain.vocabulary import AuthorityCode, Role, Text


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class MailSubscribed:
    """By the person whose address it is. authority, roles: as whom it reads. types: of mails; empty for the usual."""

    authority: AuthorityCode
    address: str
    roles: tuple[Role, ...]
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSubscriptionConfirmed:
    """The person has named the code that was sent to the address."""

    authority: AuthorityCode


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSubscriptionDisabled:
    authority: AuthorityCode
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSubscriptionEnabled:
    authority: AuthorityCode
    reason: Text


Event = MailSubscribed | MailSubscriptionConfirmed | MailSubscriptionDisabled | MailSubscriptionEnabled
