"""The text of a mail: plain, in UTF-8, and the same in every attempt."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from domain.mail_subscription.state import MailSubscription
from service.notifications.contents import MailContent
from service.notifications.queue import Delivery

NAME: Final = "Mandate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """sender: a mail address. register: the address of the register for persons, without a path; None for no links."""

    sender: str
    register: str | None

    def link(self, path: str) -> str:
        return f"{self.register}{path}" if self.register is not None else ""

    def message_id(self, id: str) -> str:
        return f"<{id}@{self.sender.rpartition('@')[2]}>"


def subject_mail(head: Letterhead, to: MailSubscription, delivery: Delivery, content: MailContent) -> bytes:
    """Mails about a subject refer to it, so that mail programs put them together."""
    said = (
        content.reference if content.sentence is None else f"{content.reference}: {content.sentence.removesuffix('.')}"
    )
    text = [content.reference, content.sentence or "", head.link(content.path)]
    mail = _mail(head, to, delivery, said, text)
    mail["References"] = head.message_id(str(delivery.subject))
    return mail.as_bytes()


def confirmation_mail(head: Letterhead, to: MailSubscription, delivery: Delivery, code: str) -> bytes:
    text = [
        f"{to.subscribed_by.subject} of {to.authority} asks this register for mails to {to.address}.",
        f"To confirm, give confirmMailSubscription the id {to.id} and the code {code}.",
        "If that was somebody else, do nothing: no other mail comes.",
        head.link("/"),
    ]
    return _mail(head, to, delivery, "Confirm your address", text).as_bytes()


def _mail(head: Letterhead, to: MailSubscription, delivery: Delivery, subject: str, text: list[str]) -> EmailMessage:
    """Raises ValueError if a header would have a line of its own."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(NAME, addr_spec=head.sender)
    mail["To"] = to.address
    mail["Subject"] = subject
    mail["Date"] = format_datetime(delivery.queued_at)
    mail["Message-ID"] = head.message_id(delivery.message_id)
    mail["Auto-Submitted"] = "auto-generated"
    lines = [*filter(None, text), "", "-- ", f"Subscription {to.id}: disableMailSubscription ends these mails."]
    mail.set_content("\n".join(lines) + "\n", charset="utf-8", cte="quoted-printable")
    return mail
