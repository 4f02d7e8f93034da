"""What a server's answers mean: content, or errors in one line."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeVar

import msgspec

from service.cli.error_output import CommandFailed
from service.errors import Unavailable
from service.exchange.visible_log.refused import ExportRefused

T = TypeVar("T")
PROBLEM = "application/problem+json"
GATEWAY_FAILS = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


class NotVisible(ExportRefused):
    """There is nothing of this name that the bearer may see."""


class Described(msgspec.Struct):
    """A problem (RFC 9457) as Mandate describes it."""

    status: int
    code: str
    detail: str
    correlationId: str | None = None  # noqa: N815


def content(answer: bytes, kind: type[T]) -> T:
    """Raises CommandFailed."""
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise CommandFailed(
            f"the server's answer is not understood; is it another version of Mandate? {error}"
        ) from None


def failure(address: str, status: int, headers: Mapping[str, str], answer: bytes) -> Exception:
    """The error that an answer other than 200 stands for."""
    if 300 <= status < 400:
        return ExportRefused(f"--url: {address} redirects to {headers.get('location', 'nowhere')[:200]}")
    try:
        if headers.get("content-type", "").partition(";")[0] != PROBLEM:
            raise msgspec.DecodeError
        problem = msgspec.json.decode(answer, type=Described)
    except msgspec.DecodeError:
        if status in GATEWAY_FAILS:
            return Unavailable(f"{address} answers with status {status}")
        return not_mandate(address, f"status {status}")
    match problem.status:
        case 401:
            return ExportRefused(f"--token: {problem.detail}")
        case 404:
            return NotVisible(problem.detail)
        case 429 | 503:
            seconds = headers.get("retry-after", "")
            again = f" Try again in {seconds} s." if seconds.isdecimal() else ""
            return Unavailable(f"{problem.detail}{again}")
        case code if code >= 500:
            named = f" Its correlation id is {problem.correlationId}." if problem.correlationId else ""
            return CommandFailed(f"{problem.detail}{named}")
        case _:
            return ExportRefused(problem.detail)


def not_mandate(address: str, what: str) -> ExportRefused:
    return ExportRefused(f"--url: {address} is not the address of a Mandate: it answers with {what}")
