"""To which addresses messages are sent."""

import asyncio
import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from service.notifications.http_receivers import Receivers
from service.notifications.receiver_addresses import Refused, check, problem_of
from tests.service.notifications.receiver import Receiver

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.0.9",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "100::1",
]
PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:81b::200e"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_unless_allowed(address: str) -> None:
    found = ip_address(address)
    for is_plain in (True, False):
        with pytest.raises(Refused, match="not on the public internet"):
            check(found, (ip_network("10.99.0.0/16"), ip_network("fd99::/64")), is_plain=is_plain)
        check(found, (ip_network(address),), is_plain=is_plain)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_gets_messages_over_tls_alone(address: str) -> None:
    check(ip_address(address), (), is_plain=False)
    with pytest.raises(Refused, match="plain HTTP"):
        check(ip_address(address), (), is_plain=True)


def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is resolved once: that it resolves to another address a moment later has no effect."""
    answers = ["127.0.0.1", "127.0.0.2"]

    async def getaddrinfo(self: Any, host: str, port: int, **_: Any) -> Any:
        assert host == "receiver.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    url = receiver.url.replace("127.0.0.1", "receiver.example")
    answer = asyncio.run(Receivers([ip_network("127.0.0.1/32")], 5).post(url, b"{}", {}))
    assert (answer.status, answers, len(receiver.received)) == (200, ["127.0.0.2"], 1)
    assert receiver.received[0].headers["host"].startswith("receiver.example:")
    with pytest.raises(Refused):
        asyncio.run(Receivers([ip_network("127.0.0.1/32")], 5).post(url, b"{}", {}))
    assert len(receiver.received) == 1


def test_a_name_with_one_address_that_is_not_allowed_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def getaddrinfo(self: Any, host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("127.0.0.1", "10.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        asyncio.run(Receivers([ip_network("127.0.0.0/8")], 5).post(receiver.url, b"{}", {}))
    assert receiver.received == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://receiver.example/hook", None),
        ("https://8.8.8.8:8443/hook", None),
        ("https://[2606:4700::1111]/", None),
        (
            "http://receiver.example/hook",
            "sent only to networks in MANDATE_WEBHOOK_NETWORKS, and it names none",
        ),
        ("HTTP://receiver.example/hook", "Use https."),
        ("http://8.8.8.8/", "8.8.8.8 is in none"),
        ("https://10.1.2.3/", "10.1.2.3 is not on the public internet"),
        ("http://[::1]/", "::1 is not on the public internet"),
        ("http://[", "plain HTTP"),
    ],
)
def test_an_address_to_which_nothing_would_be_sent_is_named_before(url: str, expected: str | None) -> None:
    found = problem_of(url, ())
    assert found is None if expected is None else expected in str(found)


def test_an_address_in_an_allowed_network_is_accepted_and_a_name_judged_when_it_is_sent() -> None:
    allowed = (ip_network("10.1.0.0/16"),)
    for url in ("http://10.1.2.3/", "https://10.1.2.3/", "http://receiver.example/"):
        assert problem_of(url, allowed) is None
    assert "not on the public internet" in str(problem_of("http://10.2.0.1/", allowed))
