"""The beginning of a request over HTTP: its bearer, and their quota."""

from contextlib import ExitStack
from math import ceil

from service.access.authentication import authenticated
from service.access.identity import Blocked, Identity, Unauthenticated
from service.errors import Unavailable
from service.graphql.execution.graphql_errors import BLOCKED, UNAUTHENTICATED, UNAVAILABLE, request_error
from service.graphql.execution.request import BadRequest
from service.graphql.http.request_head import RequestHead
from service.graphql.schema.context import Context, Services


async def begin(head: RequestHead, services: Services, held: ExitStack) -> Context:
    """The context of the bearer's request. held: keeps the quota of the request.

    Raises BadRequest, QuotaExceeded.
    """
    context = Context(services, await _authenticate(head, services), services.clock())
    held.enter_context(context.share.request())
    held.callback(context.end)
    return context


async def _authenticate(head: RequestHead, services: Services) -> Identity:
    scheme, _, token = head.header(b"authorization").partition(" ")
    try:
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send a token: 'Authorization: Bearer ...'.")
        return await authenticated(services.identify, token.strip())
    except Unauthenticated as reason:
        raise BadRequest(401, request_error(UNAUTHENTICATED, str(reason)), {"WWW-Authenticate": "Bearer"}) from None
    except Blocked as blocked:
        raise BadRequest(403, request_error(BLOCKED, str(blocked))) from None
    except Unavailable as away:
        error = request_error(UNAVAILABLE, str(away), retryAfter=away.retry_after)
        raise BadRequest(503, error, retry_after(away.retry_after)) from None


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to try again."""
    return {"Retry-After": str(max(1, ceil(seconds)))}
