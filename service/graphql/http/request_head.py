"""The head of an HTTP request, read from its ASGI scope."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Scope

from service.graphql.http.accept_header import Accepted

HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9a-f:]+\](:[0-9]+)?")
LONGEST_KEPT: Final = 256
"""Characters of an Accept header whose parsed form is kept."""


class RequestHead:
    """method: in capital letters. accepted: the media types that the client accepts."""

    __slots__ = ("_headers", "_scope", "accepted", "method")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.method: str = scope["method"]
        self._headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        accept = b",".join([value for name, value in scope["headers"] if name == b"accept"]).decode("latin-1")
        self.accepted = _kept(accept) if len(accept) <= LONGEST_KEPT else Accepted(accept)

    def header(self, name: bytes) -> str:
        """The first value of a header; empty if there is none. name: in small letters."""
        return self._headers.get(name, b"").decode("latin-1")

    @property
    def origin(self) -> str:
        """Of this server, as the client addressed it; empty if it did not say, or not in the usual form."""
        host = self.header(b"host")
        return f"{self._scope['scheme']}://{host}" if HOST.fullmatch(host) else ""

    @property
    def content_length(self) -> int | None:
        length = self._headers.get(b"content-length", b"")
        return int(length) if length.isdigit() else None

    def parameters(self) -> dict[str, str]:
        """The query parameters: the last value of each."""
        return dict(parse_qsl(self._scope["query_string"].decode("latin-1"), keep_blank_values=True))


_kept = lru_cache(64)(Accepted)
