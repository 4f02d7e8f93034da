"""Hands one mail to the operator's SMTP server, and says what an error means for it."""

import asyncio
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import aiosmtplib
import httpx

from service.errors import Misconfigured
from service.settings import Settings

Security = Literal["starttls", "tls", "none"]
GOODBYE: Final = 1.0
"""Seconds for the server to answer QUIT: the mail is handed over by then."""
NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
ENHANCED: Final = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")
"""The status of RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that is disabled."""


class NoSuchMailbox(Exception):
    """The recipient is refused for good."""


class MailRefused(Exception):
    """The mail is refused for good."""


class NotAccepted(Exception):
    """The server did not take the mail now, or does not take any of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """timeout: seconds until the server has taken a mail, from the look-up of its name on."""

    host: str
    port: int
    security: Security
    user: str | None
    password: str | None
    timeout: float
    tls: ssl.SSLContext

    @classmethod
    def of(cls, settings: Settings) -> "MailServer | None":
        """None without MANDATE_SMTP_HOST. Raises Misconfigured."""
        if settings.smtp_host is None:
            return None
        if not settings.smtp_sender:
            raise Misconfigured("MANDATE_SMTP_SENDER: name the mail address that mails come from")
        if settings.smtp_security == "none" and settings.smtp_user is not None:
            raise Misconfigured("MANDATE_SMTP_USER: a password is not sent unencrypted: set MANDATE_SMTP_SECURITY")
        if (settings.smtp_user is None) != (settings.smtp_password_file is None):
            raise Misconfigured("MANDATE_SMTP_USER and MANDATE_SMTP_PASSWORD_FILE: set both or neither")
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.secret("smtp_password_file"),
            timeout=settings.smtp_timeout,
            tls=httpx.create_ssl_context(),
        )

    async def send(self, sender: str, recipient: str, mail: bytes) -> str:
        """The server's answer. Raises NoSuchMailbox, MailRefused, NotAccepted."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            local_hostname=socket.gethostname(),
            timeout=self.timeout,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=None if self.security == "none" else self.tls,
        )
        try:
            async with asyncio.timeout(self.timeout):
                await client.connect()
                _, answer = await client.sendmail(sender, [recipient], mail)
                return answer
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _refusal(refused.recipients[0]) from None
        except aiosmtplib.SMTPDataError as refused:
            text = _answer(refused)
            raise (MailRefused if refused.code >= 500 else NotAccepted)(text) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotAccepted(_answer(error)) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise NotAccepted(_described(error)) from None
        finally:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=GOODBYE)
            client.close()


def _refusal(refused: aiosmtplib.SMTPRecipientRefused) -> Exception:
    text = _answer(refused)
    if refused.code < 500:
        return NotAccepted(text)
    if (status := ENHANCED.match(refused.message)) is not None:
        is_gone = status[1] == "1" or (status[1], status[2]) == ("2", "1")
    else:
        is_gone = refused.code in NO_SUCH_MAILBOX
    return NoSuchMailbox(text) if is_gone else MailRefused(text)


def _answer(error: aiosmtplib.SMTPResponseException) -> str:
    return f"SMTP {error.code} {' '.join(error.message.split())}"[:300]


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300].removesuffix(": ")
