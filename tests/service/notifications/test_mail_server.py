"""How the register hands mails to an SMTP server, and what its answers mean."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from service.errors import Misconfigured
from service.notifications.mail_server import MailRefused, MailServer, NoSuchMailbox, NotAccepted
from service.settings import Settings
from tests.service.notifications.mailbox import Mailbox, mailbox

SENDER, ANA = "register@mandate.example", "ana@kfor.example"
MAIL = b"Subject: EXERCISE\r\n\r\n.\r\ntext\r\n"


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate of 127.0.0.1, and the file that a client trusts it by."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*form))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, secret)
    return context, file


def server(post: Mailbox, **settings: Any) -> MailServer:
    values = {
        "smtp_host": post.host,
        "smtp_port": post.port,
        "smtp_sender": SENDER,
        "smtp_security": "none",
        **settings,
    }
    found = MailServer.of(Settings(**values))
    assert found is not None
    return found


def send(to: MailServer) -> str:
    return asyncio.run(to.send(SENDER, ANA, MAIL))


def test_a_mail_is_handed_over_as_it_is(post: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(server(post)).startswith("Message accepted")
    [mail] = post.received
    assert (mail.sender, mail.recipient, mail.source) == (SENDER, ANA, MAIL)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 no such user", NoSuchMailbox),
        ("550 5.1.1 no such user", NoSuchMailbox),
        ("550 5.2.1 mailbox disabled", NoSuchMailbox),
        ("553 mailbox name not allowed", NoSuchMailbox),
        ("550 5.7.1 relaying denied", MailRefused),
        ("552 5.2.2 mailbox full", MailRefused),
        ("554 no", MailRefused),
        ("450 mailbox busy", NotAccepted),
        ("451 4.7.1 greylisted", NotAccepted),
        ("421 4.3.2 shutting down", NotAccepted),
    ],
)
def test_a_refused_recipient(
    post: Mailbox, monkeypatch: pytest.MonkeyPatch, answer: str, error: type[Exception]
) -> None:
    post.refuse = lambda _: answer
    with pytest.raises(error, match=f"SMTP {answer[:3]} "):
        send(server(post))
    assert post.received == []


@pytest.mark.parametrize(
    ("answer", "error"), [("554 5.6.0 no", MailRefused), ("550 5.1.1 no", MailRefused), ("451 later", NotAccepted)]
)
def test_a_refused_mail(post: Mailbox, monkeypatch: pytest.MonkeyPatch, answer: str, error: type[Exception]) -> None:
    post.reply = lambda _: answer
    with pytest.raises(error, match=f"SMTP {answer[:3]} "):
        send(server(post))


def test_a_server_that_is_slow_or_away_takes_the_mail_later(post: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def wait(_: object) -> str:
        released.wait(30)
        return "250 OK"

    post.reply = wait
    with pytest.raises(NotAccepted, match="Time"):
        send(server(post, smtp_timeout=0.3))
    released.set()
    with mailbox() as other:
        away = server(other)
    with pytest.raises(NotAccepted, match="Connect"):
        send(away)


@contextmanager
def authenticating(folder: Path, **options: Any) -> Iterator[tuple[Mailbox, Path]]:
    """A server that takes mails of ana alone, over TLS."""
    context, file = certificate(folder)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (b"ana", b"s3cret \xc3\xa9"), handled=False)

    if options.pop("starttls", False):
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"tls": context, "auth_require_tls": False}
    with mailbox(authenticator=check, auth_required=True, **options) as found:
        yield found, file


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_connection_is_encrypted_and_authenticated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret \u00e9\n")
    secured = {"smtp_security": security, "smtp_user": "ana", "smtp_password_file": password}
    with authenticating(tmp_path, starttls=security == "starttls") as (post, file):
        with pytest.raises(NotAccepted, match="certificate"):
            send(server(post, **secured))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        send(server(post, **secured))
        password.write_text("wrong")
        with pytest.raises(NotAccepted, match="SMTP 535"):
            send(server(post, **secured))
    assert len(post.received) == 1


def test_nothing_is_sent_unencrypted_unless_a_setting_says_so(post: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAccepted, match="STARTTLS"):
        send(server(post, smtp_security="starttls"))
    assert post.received == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"smtp_sender": ""}, "MANDATE_SMTP_SENDER"),
        ({"smtp_user": "ana"}, "MANDATE_SMTP_USER: a password is not sent unencrypted"),
        ({"smtp_user": "ana", "smtp_security": "tls"}, "set both or neither"),
        ({"smtp_password_file": Path("nowhere"), "smtp_security": "tls"}, "set both or neither"),
        (
            {"smtp_user": "ana", "smtp_password_file": Path("nowhere"), "smtp_security": "tls"},
            "MANDATE_SMTP_PASSWORD_FILE: nowhere cannot be read",
        ),
    ],
)
def test_what_is_misconfigured_is_named(
    post: Mailbox, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(Misconfigured, match=message):
        server(post, **settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MANDATE_SMTP_SENDER", "register"),
        ("MANDATE_SMTP_SENDER", "a@b.example\r\nBcc: eva@elsewhere.example"),
        ("MANDATE_SMTP_LINKS", "register.example"),
        ("MANDATE_SMTP_LINKS", "https://register.example/\nX: y"),
        ("MANDATE_SMTP_LINKS", "https://register.example/?a=b"),
        ("MANDATE_SMTP_TIMEOUT", "31"),
        ("MANDATE_SMTP_SECURITY", "ssl"),
    ],
)
def test_a_setting_that_is_malformed_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=name):
        Settings.from_environment()
