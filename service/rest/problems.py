"""Errors as problem details (RFC 9457)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from projections.reading.reader import DatabaseUnavailable
from service.errors import Unavailable
from service.graphql.execution.graphql_errors import (
    BAD_USER_INPUT,
    BLOCKED,
    FORBIDDEN_ORIGIN,
    INTERNAL,
    TOO_MANY_REQUESTS,
    TRY_AGAIN,
    UNAUTHENTICATED,
    UNAVAILABLE,
    VIEW_BEHIND,
    internal_error,
    request_error,
    too_many,
)
from service.graphql.execution.person_quotas import QuotaExceeded
from service.graphql.execution.request import BadRequest
from service.graphql.http.bearer import retry_after
from service.graphql.http.response import JsonResponse

MEDIA: Final = "application/problem+json"
TYPE: Final = "urn:mandate:problem:{}"
NOT_FOUND: Final = "NOT_FOUND"
NOT_ACCEPTABLE: Final = "NOT_ACCEPTABLE"
METHOD_NOT_ALLOWED: Final = "METHOD_NOT_ALLOWED"
TOO_LARGE: Final = "TOO_LARGE"
STATUSES: Final[Mapping[str, int]] = {
    BAD_USER_INPUT: 400,
    UNAUTHENTICATED: 401,
    BLOCKED: 403,
    FORBIDDEN_ORIGIN: 403,
    NOT_FOUND: 404,
    METHOD_NOT_ALLOWED: 405,
    NOT_ACCEPTABLE: 406,
    TOO_LARGE: 422,
    TOO_MANY_REQUESTS: 429,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    VIEW_BEHIND: 503,
}
_BEHIND_RETRY: Final = 1.0
_PASSED_ON: Final = ("correlationId", "retryAfter")


@dataclass(frozen=True, slots=True)
class Problem(Exception):
    """A refused request. code: one of STATUSES. parameters: those that are wrong, each with what is wrong with it."""

    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Sequence[tuple[str, str]] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)

    def response(self) -> JsonResponse:
        status = STATUSES[self.code]
        body: dict[str, Any] = {
            "type": TYPE.format(self.code.lower().replace("_", "-")),
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": self.detail,
            "code": self.code,
            **self.extensions,
        }
        if self.parameters:
            body["errors"] = [{"parameter": name, "detail": detail} for name, detail in self.parameters]
        return JsonResponse(body, status, MEDIA, self.headers)


def wrong_parameter(name: str, detail: str) -> Problem:
    return Problem(BAD_USER_INPUT, f"{name}: {detail}", parameters=((name, detail),))


def problem_of(errors: Iterable[Mapping[str, Any]], headers: Mapping[str, str] | None = None) -> Problem:
    """The problem that stands for the errors of a GraphQL response: the gravest gives the code and the detail."""
    found = list(errors)
    first = max(found, key=lambda error: STATUSES[_code(error)])
    code, extensions = _code(first), first["extensions"]
    own = dict(headers or {})
    if code in (TOO_MANY_REQUESTS, UNAVAILABLE, VIEW_BEHIND):
        own |= retry_after(float(extensions.get("retryAfter", _BEHIND_RETRY)))
    wrong = [_wrong(each) for each in found if "argument" in each["extensions"]]
    passed_on = {name: extensions[name] for name in _PASSED_ON if name in extensions}
    detail = ": ".join(_wrong(first)) if "argument" in extensions else first["message"]
    return Problem(code, detail, own, tuple(wrong), passed_on)


def problem_for(error: Exception) -> Problem:
    """The problem that an exception stands for. What is unexpected is logged, and masked."""
    match error:
        case Problem():
            return error
        case BadRequest():
            return problem_of([error.error], error.headers)
        case QuotaExceeded():
            return problem_of([too_many(error)])
        case Unavailable() | DatabaseUnavailable():
            return problem_of([request_error(UNAVAILABLE, TRY_AGAIN, retryAfter=error.retry_after)])
        case _:
            return problem_of([internal_error(error)])


def _code(error: Mapping[str, Any]) -> str:
    code = error["extensions"]["code"]
    return code if code in STATUSES else INTERNAL


def _wrong(error: Mapping[str, Any]) -> tuple[str, str]:
    """The parameter of an argument, and what is wrong with it: a field of `filter` is a parameter, an element of a
    list is not."""
    argument = str(error["extensions"]["argument"])
    names = argument.split(".")
    parameter = names[1] if names[0] == "filter" and len(names) > 1 else names[0]
    return parameter, str(error["message"]).removeprefix(f"{argument}: ")
