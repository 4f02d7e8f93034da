"""Messages to mail addresses: handed to one SMTP server, a few at a time."""

import asyncio
from typing import Final

from domain.mail_subscription.lifecycle import DisableMailSubscription
from domain.mail_subscription.state import MailSubscription, MailSubscriptionStatus
from domain.message_types import CONFIRMATION
from domain.vocabulary import Text
from service.access.mail_confirmation import MailConfirmation
from service.notifications.channels import Delivered, Failed, Outcome
from service.notifications.contents import Postponed, ReadMailContent, Withheld
from service.notifications.mail_server import MailRefused, MailServer, NoSuchMailbox, NotAccepted
from service.notifications.mail_text import Letterhead, confirmation_mail, subject_mail
from service.notifications.queue import Delivery

AT_ONCE: Final = 8
"""Mails that are handed over at a time. Together with the longest timeout, PATIENCE stays below the time of a claim."""
PATIENCE: Final = 60.0
"""Seconds that a mail waits for its turn; then it is postponed."""
CONFIRMED: Final = "the address is confirmed already"


class MailChannel:
    def __init__(
        self, read: ReadMailContent, server: MailServer, head: Letterhead, confirmation: MailConfirmation
    ) -> None:
        self._read, self._server, self._head, self._confirmation = read, server, head, confirmation
        self._places = asyncio.Semaphore(AT_ONCE)

    async def deliver(self, subscription: MailSubscription, delivery: Delivery) -> Outcome:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            raise Postponed("the SMTP server is busy with other mails") from None
        try:
            return await self._deliver(subscription, delivery)
        finally:
            self._places.release()

    async def _deliver(self, subscription: MailSubscription, delivery: Delivery) -> Outcome:
        if not self._confirmation.admits(subscription.address):
            return Failed(outcome="MANDATE_SMTP_DOMAINS does not name the domain of the address", for_good=True)
        mail = await self._mail(subscription, delivery)
        if isinstance(mail, Withheld):
            return mail
        try:
            return Delivered(f"SMTP {await self._server.send(self._head.sender, subscription.address, mail)}"[:300])
        except NoSuchMailbox as refused:
            reason = Text(f"The mail server refused the address: {refused}")
            return Failed(outcome=str(refused), disable=DisableMailSubscription(reason=reason))
        except MailRefused as refused:
            return Failed(outcome=str(refused), for_good=True)
        except NotAccepted as error:
            return Failed(outcome=str(error))

    async def _mail(self, subscription: MailSubscription, delivery: Delivery) -> bytes | Withheld:
        if delivery.type == CONFIRMATION:
            if subscription.status is not MailSubscriptionStatus.UNCONFIRMED:
                return Withheld(CONFIRMED)
            return confirmation_mail(self._head, subscription, delivery, self._confirmation.code(subscription.id))
        content = await self._read(subscription, delivery)
        return content if isinstance(content, Withheld) else subject_mail(self._head, subscription, delivery, content)
