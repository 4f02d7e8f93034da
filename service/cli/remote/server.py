"""A remote register, read with GET below its `/api`."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from domain.vocabulary import iso_time
from service.cli.error_output import CommandFailed
from service.cli.remote.address import base_address
from service.cli.remote.server_response import NotVisible, content, failure, not_mandate
from service.errors import Unavailable
from service.exchange.visible_log.refused import ExportRefused

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
POSITION: Final = "mandate-position"
LONGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes; a server sends at most half of it. Files may be longer."""
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
"""Between two parts of an answer; the rules of a long request take some seconds."""
TOKEN_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=")


class Server:
    """as_of, as_happened: the instant that is asked about."""

    def __init__(
        self, client: "httpx.Client", address: str, as_of: datetime | None, as_happened: datetime | None
    ) -> None:
        self._client, self.address, self.as_of, self.as_happened = client, address, as_of, as_happened

    def get(self, path: str, kind: type[T], **parameters: Any) -> T:
        """The content at a path below `/api`. Raises NotVisible, ExportRefused, CommandFailed, Unavailable."""
        with self.stream(path, parameters) as response:
            return content(self._whole(response), kind)

    def find(self, path: str, kind: type[T], **parameters: Any) -> T | None:
        """As `get`; None for what cannot be found."""
        try:
            return self.get(path, kind, **parameters)
        except NotVisible:
            return None

    @contextmanager
    def stream(
        self, path: str, parameters: Mapping[str, Any], accept: str = "application/json"
    ) -> Iterator["httpx.Response"]:
        """The answer of Mandate, with status 200, whose content is still to be read. Raises as `get` does."""
        import httpx

        given, has_begun = {name: _text(value) for name, value in parameters.items() if value is not None}, False
        try:
            with self._client.stream(
                "GET", f"{self.address}/api{path}", params=given, headers={"Accept": accept}
            ) as response:
                if response.status_code != 200:
                    raise failure(self.address, response.status_code, response.headers, self._whole(response))
                if POSITION not in response.headers:
                    raise not_mandate(self.address, response.headers.get("content-type", "nothing"))
                has_begun = True
                yield response
        except httpx.HTTPError as error:
            if has_begun:
                raise Unavailable(f"the answer of {self.address} broke off: {_reason(error)}") from None
            raise _unreachable(self.address, error) from None

    def _whole(self, response: "httpx.Response") -> bytes:
        found = bytearray()
        for part in response.iter_raw():
            found += part
            if len(found) > LONGEST_ANSWER:
                raise CommandFailed(f"the answer of {self.address} has more than {LONGEST_ANSWER:,} bytes")
        return bytes(found)


@contextmanager
def open_server(
    url: str, token: str | None, as_of: datetime | None, as_happened: datetime | None = None
) -> Iterator[Server]:
    """Raises ExportRefused."""
    import httpx

    address = base_address(url)
    if token is None:
        raise ExportRefused("--token: a remote register is read as the bearer of a token")
    if not TOKEN_CHARACTERS.issuperset(token) or not token:
        raise ExportRefused("--token: this is no token: it has characters that tokens do not have")
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    trusted = ssl.create_default_context()
    try:
        client = httpx.Client(headers=headers, timeout=timeout, verify=trusted, follow_redirects=False)
    except (ValueError, httpx.InvalidURL) as error:
        raise ExportRefused(f"the proxy in the environment cannot be used: {error}") from None
    with client:
        yield Server(client, address, as_of, as_happened)


def segment(text: str) -> str:
    """A part of a path."""
    return quote(text, safe="")


def _text(value: Any) -> Any:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return iso_time(value)
        case list() | tuple():
            return [_text(each) for each in value]
        case _:
            return str(value)


def _unreachable(address: str, error: Exception) -> Exception:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ExportRefused(f"--url: the certificate of {address} is not accepted: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError):
            return ExportRefused(f"--url: {address} speaks no TLS that can be used: {cause.reason or cause}")
        cause = cause.__cause__ or cause.__context__
    return Unavailable(f"{address} does not answer: {_reason(error)}")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
