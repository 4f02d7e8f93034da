"""Errors as clients see them: a code of the API, no internal details."""

import logging
from collections.abc import Iterable
from itertools import islice
from math import ceil
from typing import Any, Final
from uuid import uuid4

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType

from projections.reading.reader import DatabaseUnavailable, ViewBehind
from service.errors import OutcomeUnknown, Unavailable
from service.graphql.execution.error_paths import argument_path, value_problem
from service.graphql.execution.person_quotas import QuotaExceeded
from service.graphql.execution.recorded_commands import NONE_RECORDED, RecordedCommands, mark_recorded

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
BLOCKED: Final = "BLOCKED"
FORBIDDEN_ORIGIN: Final = "FORBIDDEN_ORIGIN"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
VIEW_BEHIND: Final = "VIEW_BEHIND"
UNAVAILABLE: Final = "UNAVAILABLE"
INTERNAL: Final = "INTERNAL"
TOO_MANY_REQUESTS: Final = "TOO_MANY_REQUESTS"

ERRORS: Final = 20
"""Maximum number of errors in a response."""
MESSAGE: Final = 1_000
"""Maximum characters of a message: some quote the request."""

TRY_AGAIN: Final = "The register cannot answer now: try again."
NOT_READ: Final = "The register cannot read it now."
NOTHING: Final = "Nothing was recorded this time."
"""An earlier attempt with the same idempotency key may have been recorded."""
MAYBE: Final = "It is not known whether the command was recorded."
UNKNOWN: Final = "Whether it was recorded is unknown: send the same command with the same idempotency key to find out."

_log = logging.getLogger(__name__)


class BadUserInput(GraphQLError):
    """An invalid argument. path: of the argument, in names of the API."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}", extensions={"code": BAD_USER_INPUT, "argument": path})


def format_errors(
    errors: Iterable[GraphQLError], document: DocumentNode | None = None, recorded: RecordedCommands = NONE_RECORDED
) -> list[dict[str, Any]]:
    """The first ERRORS errors in response format. Internal errors are logged under the returned correlation id."""
    return [_format_error(error, document, recorded) for error in islice(errors, ERRORS)]


def omitted_errors_error(number: int) -> dict[str, Any]:
    """Reports how many errors were omitted."""
    return request_error(BAD_USER_INPUT, f"{number:,} more errors are omitted: fix the first ones.")


def request_error(code: str, message: str, **extensions: object) -> dict[str, Any]:
    """An error without a path, for the whole request."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def too_many(refused: QuotaExceeded) -> dict[str, Any]:
    return request_error(TOO_MANY_REQUESTS, str(refused), retryAfter=max(1, ceil(refused.retry_after)))


def internal_error(error: BaseException) -> dict[str, Any]:
    """Logs an internal error with its correlation id and masks it for the client."""
    correlation = str(uuid4())
    _log.error("a request failed, correlation id %s", correlation, exc_info=error)
    return request_error(
        INTERNAL,
        f"Internal error. Quote {correlation} when you report it.",
        correlationId=correlation,
    )


def subscription_error(error: Exception) -> dict[str, Any]:
    """The error that ended a subscription between two responses."""
    return (
        _format_error(error, None, NONE_RECORDED)
        if isinstance(error, GraphQLError)
        else _temporary_error(error) or internal_error(error)
    )


def _format_error(error: GraphQLError, document: DocumentNode | None, recorded: RecordedCommands) -> dict[str, Any]:
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    if original is None or isinstance(original, GraphQLError):
        return mark_recorded(_client_error(error, document), recorded)
    answer = _read_error(original) if recorded else _temporary_error(original, is_command=_is_command(error, document))
    if answer is None and error.path is not None:
        answer = internal_error(original)
    found = _client_error(error, document) if answer is None else {**error.formatted, **answer}
    return mark_recorded(found, recorded)


def _is_command(error: GraphQLError, document: DocumentNode | None) -> bool:
    """Whether the command itself failed, not a field of its response."""
    definitions = document.definitions if document else ()
    return (error.path is not None and len(error.path) == 1) and any(
        isinstance(each, OperationDefinitionNode) and each.operation is OperationType.MUTATION for each in definitions
    )


def _client_error(error: GraphQLError, document: DocumentNode | None) -> dict[str, Any]:
    """A client error. Prefixes the argument's path if the message lacks it."""
    extensions = {"code": BAD_USER_INPUT, **(error.extensions or {})}
    place = None if "argument" in extensions else argument_path(error, document)
    message = error.message if place is None else value_problem(error.message)
    if len(message) > MESSAGE:
        message = f"{message[:MESSAGE]} ..."
    if place is not None:
        extensions["argument"] = place
        message = f"{place}: {message}"
    return {**error.formatted, "message": message, "extensions": extensions}


def _temporary_error(original: Exception, *, is_command: bool = False) -> dict[str, Any] | None:
    """A temporary failure as a response error; None if it is not temporary."""
    match original:
        case ViewBehind():
            return request_error(VIEW_BEHIND, f"{str(original).capitalize()}: try again.")
        case DatabaseUnavailable():
            _log.warning("a query is not answered: %s", original)
            return request_error(UNAVAILABLE, TRY_AGAIN, retryAfter=original.retry_after)
        case OutcomeUnknown():
            return request_error(UNAVAILABLE, f"{MAYBE} {original.advice}", retryAfter=original.retry_after)
        case Unavailable(recorded=None):
            return request_error(UNAVAILABLE, f"{TRY_AGAIN} {UNKNOWN}", retryAfter=original.retry_after)
        case Unavailable():
            message = f"{TRY_AGAIN} {NOTHING}" if is_command else TRY_AGAIN
            return request_error(UNAVAILABLE, message, retryAfter=original.retry_after)
        case QuotaExceeded():
            return too_many(original)
        case _:
            return None


def _read_error(original: Exception) -> dict[str, Any] | None:
    """A read failure after a command of the request was recorded: the client must not resend the request."""
    match original:
        case ViewBehind():
            return request_error(VIEW_BEHIND, f"{str(original).capitalize()}.")
        case DatabaseUnavailable():
            return request_error(VIEW_BEHIND, NOT_READ)
        case Unavailable(recorded=None):
            return request_error(UNAVAILABLE, f"{NOT_READ} {UNKNOWN}")
        case Unavailable():
            return request_error(UNAVAILABLE, f"{NOT_READ} {NOTHING}")
        case QuotaExceeded():
            return request_error(TOO_MANY_REQUESTS, str(original))
        case _:
            return None


class SubscriptionsEnded(Exception):
    """Subscriptions end because the process shuts down."""
