"""HTTP responses with a complete body."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from service.graphql.execution.request import encode_json

CHUNK: Final = 64 * 1024
"""Bytes per chunk of a response: the server buffers no more of what the client has not read."""


class ContentResponse:
    """An ASGI application. media: the content type."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, body: bytes, status: int, media: str, headers: Mapping[str, str] | None = None) -> None:
        self._body, self._status = body, status
        self._headers = [
            (b"content-length", str(len(self._body)).encode()),
            (b"content-type", media.encode()),
        ]
        if headers is not None:
            self._headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        if len(self._body) <= CHUNK:
            await send({"type": "http.response.body", "body": self._body})
            return
        body = memoryview(self._body)
        for start in range(0, len(body), CHUNK):
            more = start + CHUNK < len(body)
            await send({"type": "http.response.body", "body": bytes(body[start : start + CHUNK]), "more_body": more})


class JsonResponse(ContentResponse):
    """media: a media type of JSON, as application/json or application/graphql-response+json."""

    __slots__ = ()

    def __init__(
        self, body: Mapping[str, Any] | Sequence[Any], status: int, media: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(encode_json(body), status, f"{media}; charset=utf-8", headers)
