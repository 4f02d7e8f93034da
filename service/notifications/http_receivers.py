"""Sends one message over HTTP, to an address that was checked.

The name is resolved once, each address is checked, and the connection goes to exactly that address: a name that
resolves to another one a moment later changes nothing. Redirects are not followed, and no proxy is used.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpcore

from service.notifications.receiver_addresses import Address, Network, check


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of a receiver's response, and its header Retry-After."""

    status: int
    retry_after: str | None


class Receivers:
    """Sends to receivers on the public internet, and to those in the allowed networks."""

    def __init__(self, allowed: Sequence[Network], timeout: float) -> None:
        """timeout: seconds until a receiver has answered, from the look-up of its name on."""
        self._allowed = tuple(allowed)
        self._timeout = timeout

    @cached_property
    def _tls(self) -> SSLContext:
        import httpx  # takes a tenth of the start of a process

        return httpx.create_ssl_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Sends a message. Raises Refused; TimeoutError, OSError or httpcore's errors if there is no answer.

        The content of the response is not read.
        """
        parts = urlsplit(url)
        backend = _Checked(self._allowed, is_plain=parts.scheme.lower() == "http")
        sent = {"Host": parts.netloc, **headers}
        async with (
            asyncio.timeout(self._timeout),
            httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
            pool.stream("POST", url, headers=list(sent.items()), content=body) as response,
        ):
            found = [value for name, value in response.headers if name.lower() == b"retry-after"]
            return Answer(response.status, found[0].decode("latin-1") if found else None)


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a name in turn, if all may be connected to."""

    def __init__(self, allowed: Sequence[Network], *, is_plain: bool) -> None:
        self._allowed, self._is_plain = allowed, is_plain
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as in httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._resolve(host, port)
        for address in others:
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._backend.connect_tcp(str(last), port, timeout, local_address, socket_options)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        """Raises Refused, OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))
        for address in addresses:
            check(address, self._allowed, is_plain=self._is_plain)
        return addresses
