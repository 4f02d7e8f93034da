"""What is said when a server refuses, fails, breaks off, or is none: one line, and the exit status that fits."""

import csv
import io
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner, Result

from service.cli import application
from service.cli.remote import server as remote_server
from service.errors import Unavailable
from service.exchange.exports.table_rows import EVENT_COLUMNS
from tests.service.cli.remote_servers import answering, in_parts, with_status

REFUSED, FAILED, AWAY = 2, 1, 3
EMPTY = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}, "totalCount": 0}
READING = ("list", "inbox", "trail", "history kfor-2024-0001", "explain kfor-2024-0001")


def run(*arguments: str, token: str | None = "a.b.c") -> Result:
    given = ["--token", token] if token is not None else []
    return CliRunner().invoke(application(arguments[0]), [*arguments, *given])


def line(result: Result, status: int) -> str:
    """What is said, with the exit status that a process would have."""
    if isinstance(result.exception, Unavailable):
        assert status == AWAY
        return str(result.exception)
    assert result.exit_code == status, (result.output, result.exception)
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stdout == ""
    return result.stderr


def problem(status: int, code: str, detail: str, **more: str) -> str:
    return json.dumps({"type": "urn:x", "title": "x", "status": status, "code": code, "detail": detail, **more})


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    ("status", "code", "more", "expected", "text"),
    [
        (400, "BAD_USER_INPUT", {}, REFUSED, "The detail."),
        (401, "UNAUTHENTICATED", {}, REFUSED, "--token: The detail."),
        (403, "BLOCKED", {}, REFUSED, "The detail."),
        (429, "TOO_MANY_REQUESTS", {"Retry_After": "7"}, AWAY, "The detail. Try again in 7 s."),
        (500, "INTERNAL", {}, FAILED, "The detail. Its correlation id is 17."),
        (503, "UNAVAILABLE", {}, AWAY, "The detail."),
    ],
)
def test_a_problem_is_said_in_one_line(
    command: str, status: int, code: str, more: dict[str, str], expected: int, text: str
) -> None:
    body = problem(status, code, "The detail.", correlationId="17")
    with answering(with_status(status, body, Content_Type="application/problem+json", **more)) as url:
        assert text in line(run(*command.split(), "--url", url), expected)


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected", "text"),
    [
        (200, "<html>", {"Content_Type": "text/html"}, REFUSED, "is not the address of a Mandate"),
        (200, "{}", {"Content_Type": "application/json"}, REFUSED, "is not the address of a Mandate"),
        (404, "<html>", {}, REFUSED, "is not the address of a Mandate: it answers with status 404"),
        (404, "{}", {"Content_Type": "application/problem+json"}, REFUSED, "is not the address of a Mandate"),
        (502, "<html>", {}, AWAY, "answers with status 502"),
        (308, "", {"Location": "https://elsewhere.example/"}, REFUSED, "redirects to https://elsewhere.example/"),
        (200, "{", {"Mandate_Position": "1"}, FAILED, "is it another version of Mandate?"),
        (200, "{}", {"Mandate_Position": "1"}, FAILED, "is it another version of Mandate?"),
        (200, "[]", {"Mandate_Position": "1"}, FAILED, "is it another version of Mandate?"),
    ],
)
def test_what_is_no_mandate_is_named(status: int, body: str, headers: dict[str, str], expected: int, text: str) -> None:
    with answering(with_status(status, body, **headers)) as url:
        assert text in line(run("list", "--url", url), expected)


def test_a_token_does_not_follow_a_redirect() -> None:
    seen = list[str]()
    with (
        answering(lambda handler: seen.append(handler.path)) as elsewhere,
        answering(with_status(302, Location=elsewhere)) as url,
    ):
        line(run("list", "--url", url), REFUSED)
    assert seen == []


def test_control_characters_of_a_server_are_not_printed() -> None:
    body = problem(400, "BAD_USER_INPUT", "\x1b[31mred\nline")
    with answering(with_status(400, body, Content_Type="application/problem+json")) as url:
        assert "\ufffd[31mred line" in line(run("list", "--url", url), REFUSED)


def test_an_endless_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_server, "LONGEST_ANSWER", 1_000)
    with answering(with_status(200, json.dumps(EMPTY) + " " * 1_000, Mandate_Position="1")) as url:
        assert "more than 1,000 bytes" in line(run("list", "--url", url), FAILED)


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert "does not answer" in line(run("list", "--url", f"http://127.0.0.1:{port}"), AWAY)
    assert "does not answer" in line(run("list", "--url", "https://register.invalid"), AWAY)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("register.example", "is no address of a server"),
        ("ftp://register.example", "is no address of a server"),
        ("https://", "is no address of a server"),
        ("http://[", "is no address"),
        ("https://host:port", "is no address"),
        ("https://ana:secret@register.example", "the token is given with --token"),
        ("https://register.example?x=1", "give the address alone"),
        ("http://register.example", "use https://"),
        ("http://10.0.0.1:8000", "use https://"),
    ],
)
def test_an_address_is_judged_before_a_token_is_sent(url: str, text: str) -> None:
    assert text in line(run("list", "--url", url), REFUSED)


@pytest.mark.parametrize(("token", "text"), [(None, "as the bearer of a token"), ("a b", "no token"), ("", "no token")])
def test_a_token_is_needed(token: str | None, text: str) -> None:
    assert text in line(run("list", "--url", "https://register.example", token=token), REFUSED)


def certificate(folder: Path) -> Path:
    """A key, and its own certificate, for this machine."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return file


def test_a_certificate_must_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, answer = certificate(tmp_path), with_status(200, json.dumps(EMPTY), Mandate_Position="1")
    with answering(answer, file) as url:
        assert "certificate" in line(run("list", "--url", url), REFUSED)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert run("list", "--url", url).exit_code == 0
    with answering(answer) as url:
        said = line(run("list", "--url", url.replace("http:", "https:")), REFUSED)
        assert "TLS" in said


def event_lines(*positions: int) -> list[bytes]:
    return [b'{"position":"%d","reason":"one"}\n' % position for position in positions]


def event_rows(*positions: int) -> list[bytes]:
    """Rows with quoted line breaks."""
    rows = []
    for position in positions:
        text = io.StringIO()
        csv.writer(text).writerow([position, *('a "quoted"\nline',) * (len(EVENT_COLUMNS) - 1)])
        rows.append(text.getvalue().encode())
    return rows


def written(output: Path, asked: list[str], name: str, *parts: tuple[bytes, bool]) -> Result:
    events = ["--events"] if name == "csv" else []
    with answering(in_parts(iter(parts), asked, 9)) as url:
        return run("export", "--format", name, *events, "--output", str(output), "--url", url)


HEADER = ",".join(EVENT_COLUMNS).encode() + b"\r\n"
MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("name", "rows", "begin"),
    [("jsonl", event_lines, b""), ("csv", event_rows, MARK + HEADER)],
)
def test_a_list_that_breaks_off_is_continued(
    tmp_path: Path, name: str, rows: Callable[..., list[bytes]], begin: bytes
) -> None:
    """Wherever it breaks off: within a row too."""
    output = tmp_path / "events"
    one, two, three, four = rows(1, 2, 5, 9)
    whole = begin + one + two + three + four
    ends = [len(begin) + sum(map(len, (one, two, three, four)[:each])) for each in (1, 2, 3, 4)]
    for cut in {*ends[:3], *(end - 1 for end in ends[1:]), *range(ends[0], ends[3], 53)}:
        held, asked = whole[:cut], list[str]()
        kept = sum(end <= cut for end in ends)
        rest = b"".join((one, two, three, four)[kept:])
        result = written(output, asked, name, (held, False), (begin + rest, True))
        assert result.exit_code == 0, result.output
        assert output.read_bytes() == whole
        assert f"after={(1, 2, 5, 9)[kept - 1]}" in asked[1]
        assert result.stderr.endswith("up to position 9\n")


def test_a_list_that_brings_nothing_more_is_given_up(tmp_path: Path) -> None:
    output, asked = tmp_path / "events", list[str]()
    [first] = event_lines(1)
    output.write_bytes(b"before")
    said = line(written(output, asked, "jsonl", (first, False), *[(b"", False)] * 9), FAILED)
    assert "broke off after position 1" in said
    assert len(asked) == 4
    assert output.read_bytes() == b"before"


def test_a_file_that_is_no_list_is_not_continued(tmp_path: Path) -> None:
    output, asked = tmp_path / "log", list[str]()
    said = line(written(output, asked, "xes", (b"<log>", False)), AWAY)
    assert "broke off" in said
    assert len(asked) == 1
    assert not output.exists()


def test_a_list_of_something_else_is_refused(tmp_path: Path) -> None:
    said = line(written(tmp_path / "events", [], "jsonl", (b'{"id":1}\n', True)), FAILED)
    assert "is it another version of Mandate?" in said
