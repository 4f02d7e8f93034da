"""What all paths have in common: GET and HEAD, negotiation, the bearer with their quotas, and problems."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final, Protocol

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from service.graphql.http.bearer import begin
from service.graphql.http.body import Disconnected
from service.graphql.http.request_head import RequestHead
from service.graphql.http.response import ContentResponse
from service.graphql.schema.context import Context
from service.rest.entity_tags import Tag
from service.rest.file_services import FileServices
from service.rest.problems import METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, NOT_FOUND, Problem, problem_for

ALLOWED: Final = "GET, HEAD"


class Call:
    """One request for a resource. files: of the process. held: what is kept until the client has the response."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        context: Context,
        files: FileServices,
        head: RequestHead,
        held: ExitStack,
    ) -> None:
        self.query_string: bytes = scope["query_string"]
        self.in_path: Mapping[str, str] = scope.get("path_params", {})
        self.receive, self.context, self.files, self.head, self.held = receive, context, files, head, held

    @property
    def is_head(self) -> bool:
        return self.head.method == "HEAD"

    def not_modified(self, tag: Tag) -> ContentResponse | None:
        """The response 304, if the client has what it asks for."""
        if tag.matches(self.head.header(b"if-none-match")):
            return NotModified(tag.headers)
        return None


class Resource(Protocol):
    """media: those that it has, the preferred one first."""

    @property
    def media(self) -> tuple[str, ...]: ...

    async def respond(self, call: Call, media: str) -> ASGIApp:
        """Raises Problem, BadRequest, QuotaExceeded, Disconnected, Unavailable."""
        ...


class Endpoint:
    """An ASGI application at the path of a resource. state: has the Services, and `files`."""

    def __init__(self, resource: Resource, state: State) -> None:
        self._resource, self._state = resource, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as held:
            try:
                response = await self._respond(scope, receive, held)
            except Disconnected:
                return
            except Exception as error:  # noqa: BLE001
                response = problem_for(error).response()
            await response(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive, held: ExitStack) -> ASGIApp:
        head = RequestHead(scope)
        check_method(head)
        context = await begin(head, self._state.services, held)
        media = negotiated(head, self._resource.media)
        return await self._resource.respond(Call(scope, receive, context, self._state.files, head, held), media)


def check_method(head: RequestHead) -> None:
    """Raises Problem."""
    if head.method not in ("GET", "HEAD"):
        raise Problem(METHOD_NOT_ALLOWED, "This path is only read: commands go to /graphql.", {"Allow": ALLOWED})


def negotiated(head: RequestHead, available: tuple[str, ...]) -> str:
    """The media type that the client prefers (RFC 9110, section 12.5.1). Raises Problem if it accepts none."""
    best = max(available, key=lambda media: head.accepted.quality(media.partition(";")[0]))
    if head.accepted.quality(best.partition(";")[0]) == 0:
        raise Problem(NOT_ACCEPTABLE, f"Accept one of: {', '.join(available)}.", extensions={"available": available})
    return best


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application for paths without a resource."""
    problem = Problem(NOT_FOUND, "There is no such path: /api/openapi.json lists them.")
    await problem.response()(scope, receive, send)


class NotModified(ContentResponse):
    """A response 304, which has no content."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(b"", 304, "", headers)
        self._headers = self._headers[2:]


def without_content(headers: Mapping[str, Any], media: str) -> ASGIApp:
    """The response to HEAD for content of unknown length."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        listed = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        listed.append((b"content-type", media.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": listed})
        await send({"type": "http.response.body", "body": b""})

    return respond
