"""Parses a GraphQL request: one JSON object with a query or a document id, over any transport."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from service.graphql.execution.graphql_errors import BAD_USER_INPUT, request_error


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """A GraphQL request. query: empty if there is a document_id, which names a trusted document."""

    query: str = ""
    document_id: str | None = None
    variables: Mapping[str, Any] | None = None
    operation: str | None = None


VALUES: Final = 10_000
"""JSON values of a request. A list of as many strings takes about 10 ms to coerce."""
CHARACTERS_PER_UNIT: Final = 8
LONGEST_CHARGE: Final = 10_000
"""Units: 50 ms. A longer text has no more values."""
QUOTES: Final = 20 * VALUES
"""Quotation marks of a request with many values: those of its strings, and quotations in them."""
DEEPEST: Final = 64
"""Maximum nesting of JSON: variables of this schema have fewer than ten levels."""
MARKS: Final = ",[{"
"""Each JSON value follows one of these, or a key's colon."""
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class BadRequest(Exception):
    """A malformed or unauthenticated request."""

    status: int
    error: dict[str, Any]
    headers: Mapping[str, str] | None = None


def charge_of_json(text: str | bytes) -> int:
    """Units to parse a text and to coerce what it contains."""
    return min(len(text) // CHARACTERS_PER_UNIT, LONGEST_CHARGE)


def parse_json(text: str | bytes, what: str) -> Any:
    """Parses JSON strictly (UTF-8, no NaN): at most VALUES values, nested at most DEEPEST levels.

    A parsed value takes about a hundred times the memory of its text. Raises BadRequest.
    """
    try:
        content = _decoded(text, what)
    except RecursionError:
        raise _too_deep(what) from None
    except ValueError:
        raise BadRequest(400, request_error(BAD_USER_INPUT, f"{what} is not valid JSON.")) from None
    if _is_deep(content):
        raise _too_deep(what)
    return content


def _decoded(text: str | bytes, what: str) -> Any:
    """Raises BadRequest, RecursionError, ValueError."""
    if len(text) <= VALUES:
        with suppress(msgspec.DecodeError, UnicodeError):
            return msgspec.json.decode(text)
    # Also accepts a byte order mark, lone surrogates and numbers that are too large for a double.
    text = text if isinstance(text, str) else text.decode("utf-8-sig", "surrogatepass")
    if len(text) > VALUES and _has_too_many_values(text):
        raise BadRequest(400, request_error(BAD_USER_INPUT, f"{what} has more than {VALUES:,} values."))
    return json.loads(text, parse_constant=_not_json)


def _has_too_many_values(text: str) -> bool:
    """The marks in strings do not count, but it takes longer to leave them out."""
    if _marks(text) <= VALUES:
        return False
    return text.count('"') > QUOTES or _marks(_STRING.sub("", text)) > VALUES


def _marks(text: str) -> int:
    return sum(map(text.count, MARKS))


def _too_deep(what: str) -> BadRequest:
    return BadRequest(400, request_error(BAD_USER_INPUT, f"{what} is nested more than {DEEPEST} levels deep."))


def _is_deep(content: Any) -> bool:
    """Whether the nesting exceeds DEEPEST. Iterative, so that it needs no recursion itself."""
    level = [content]
    for _ in range(DEEPEST):
        nested = [each for each in level if isinstance(each, dict | list)]
        if not nested:
            return False
        level = [value for each in nested for value in (each.values() if isinstance(each, dict) else each)]
    return any(isinstance(each, dict | list) for each in level)


def _not_json(constant: str) -> None:
    raise ValueError(constant)


def parse_request(content: Any) -> GraphQLRequest:
    if not isinstance(content, dict):
        raise BadRequest(400, request_error(BAD_USER_INPUT, "A request is one JSON object with query or documentId."))
    query, document_id, variables, operation = (
        content.get(key) for key in ("query", "documentId", "variables", "operationName")
    )
    if query is not None and document_id is not None:
        raise BadRequest(400, request_error(BAD_USER_INPUT, "Send either query or documentId, not both."))
    for name, value, kinds in (
        ("documentId", document_id, str | None),
        ("query (or documentId)", query if document_id is None else "", str),
        ("variables", variables, dict | None),
        ("operationName", operation, str | None),
        ("extensions", content.get("extensions"), dict | None),
    ):
        if not isinstance(value, kinds):
            raise BadRequest(400, request_error(BAD_USER_INPUT, f"{name} is missing or has the wrong type."))
    return GraphQLRequest(query=query or "", document_id=document_id, variables=variables, operation=operation)


def encode_json(body: Mapping[str, Any] | Sequence[Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # quotes a lone surrogate from the request
        return json.dumps(body).encode()
