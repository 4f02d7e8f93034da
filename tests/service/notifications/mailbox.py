"""An SMTP server in this process that keeps the mails that it is sent, and answers as it is told."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.waiting import until

TAKEN = "250 Message accepted for delivery"


@dataclass(frozen=True, slots=True)
class Mail:
    """One that was handed over. recipient, sender: of the envelope."""

    sender: str
    recipient: str
    source: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.source, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class Mailbox:
    """refuse: the answer to RCPT TO, None to accept. reply: the answer to a mail; it may block, as slow servers do."""

    host: str = "127.0.0.1"
    port: int = 0
    refuse: Callable[[str], str | None] = lambda _: None
    reply: Callable[[Mail], str] = lambda _: TAKEN
    received: list[Mail] = field(default_factory=list)

    def of(self, address: str | None = None) -> list[Mail]:
        """To one address, or all."""
        return [each for each in list(self.received) if address in (None, each.recipient)]

    def wait_for(self, number: int, address: str | None = None, seconds: float = 90) -> list[Mail]:
        until(lambda: len(self.of(address)) >= number, seconds=seconds)
        return self.of(address)

    async def handle_RCPT(  # noqa: N802 - as the server calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (refusal := self.refuse(address)) is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as the server calls it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = Mail(envelope.mail_from or "", envelope.rcpt_tos[0], envelope.content)
        self.received.append(mail)
        return await asyncio.to_thread(self.reply, mail)


@contextmanager
def mailbox(tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Mailbox]:
    """tls: encrypts connections from their beginning. options: of the server."""
    found, loop = Mailbox(), asyncio.new_event_loop()

    def protocol() -> SMTP:
        return SMTP(found, hostname="mail.example", loop=loop, **options)

    server = loop.run_until_complete(loop.create_server(protocol, found.host, 0, ssl=tls))
    found.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for each in asyncio.all_tasks(loop):
            each.cancel()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
