"""The settings of messages: webhooks, mail and reminders."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from domain.mail_address import is_address

LONGEST_REMINDER: Final = 365
"""Days."""


class NotificationSettings(BaseSettings):
    """Times are in seconds unless the description says otherwise."""

    webhook_key_file: Path | None = Field(
        default=None,
        description=(
            "File with the key that the signing keys of webhooks and the codes that confirm mail addresses are derived "
            "from; the same for all APIs and workers. Without it, and with MANDATE_DATABASE_URL, there are neither."
        ),
    )
    webhook_networks: str = Field(
        default="",
        description=(
            "Comma-separated networks, such as '10.1.0.0/16', of receivers of webhooks that are not on the public "
            "internet; only to them is plain HTTP sent. The same for all APIs, which refuse other addresses, and all "
            "workers."
        ),
    )
    webhook_timeout: float = Field(
        default=15.0, gt=0, le=30, description="Longest time for the receiver of a webhook to answer."
    )
    reminder_days: str = Field(
        default="7,1,0",
        description="Comma-separated days before a due date at which reminders are sent; 0: on that instant.",
    )
    escalation_days: int = Field(
        default=1, ge=1, le=365, description="Days after a due date at which an escalation is sent."
    )
    reminder_interval: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds between two looks of a worker at what is due."
    )
    deliver: bool = Field(
        default=True,
        description="Whether workers send what is queued; if not, it stays queued, as in a restored copy.",
    )
    smtp_host: str | None = Field(
        default=None, description="Name of the SMTP server that takes mails. Without it, there is no mail."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the SMTP server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is encrypted: starttls, tls (from its beginning, usually port 465) or none.",
    )
    smtp_user: str | None = Field(default=None, description="User at the SMTP server. Default: no authentication.")
    smtp_password_file: Path | None = Field(default=None, description="File with the password of MANDATE_SMTP_USER.")
    smtp_sender: str = Field(
        default="", description="Mail address that mails come from; required with MANDATE_SMTP_HOST."
    )
    smtp_domains: str = Field(
        default="",
        description="Comma-separated domains, such as 'kfor.example', whose addresses may be subscribed. Default: all.",
    )
    smtp_links: str = Field(
        default="",
        description="Address of the register for persons, such as 'https://register.example': mails link to it.",
    )
    smtp_timeout: float = Field(
        default=15.0, gt=0, le=30, description="Longest time for the SMTP server to take a mail."
    )

    @field_validator("webhook_networks")
    @classmethod
    def _validate_networks(cls, networks: str) -> str:
        for each in filter(None, map(str.strip, networks.split(","))):
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(f"'{each}' is no network: write it as 10.1.0.0/16 or fd00:1::/64") from None
        return networks

    @field_validator("reminder_days")
    @classmethod
    def _validate_days(cls, days: str) -> str:
        for each in filter(None, map(str.strip, days.split(","))):
            if not (each.isascii() and each.isdecimal() and int(each) <= LONGEST_REMINDER):
                raise ValueError(f"'{each}' is no number of days from 0 to {LONGEST_REMINDER}: write them as 7,1,0")
        return days

    @property
    def days_of_reminders(self) -> tuple[int, ...]:
        """Days before a due date."""
        return tuple(sorted({int(each) for each in self.reminder_days.split(",") if each.strip()}, reverse=True))

    @property
    def allowed_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks of receivers of webhooks that are not on the public internet."""
        return tuple(ip_network(each) for each in filter(None, map(str.strip, self.webhook_networks.split(","))))

    @field_validator("smtp_sender")
    @classmethod
    def _validate_sender(cls, sender: str) -> str:
        if sender and not is_address(sender):
            raise ValueError(f"'{sender}' is no mail address: write it as register@mandate.example")
        return sender

    @field_validator("smtp_links")
    @classmethod
    def _validate_links(cls, links: str) -> str:
        parts = urlsplit(links)
        is_plain = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        if links and not (is_plain and links.isprintable() and " " not in links):
            raise ValueError(f"'{links}' is no address of the register: write it as https://register.example")
        return links.rstrip("/")

    @property
    def mail_domains(self) -> frozenset[str]:
        """In lower case; empty if mail is sent to all."""
        return frozenset(filter(None, (each.strip().lower() for each in self.smtp_domains.split(","))))
