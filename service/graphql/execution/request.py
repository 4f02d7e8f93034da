"""What a client sent, read: one JSON object with a query, whichever way it came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from service.graphql.execution.graphql_errors import BAD_USER_INPUT, request_error


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """What a client sent."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation: str | None = None


VALUES: Final = 100_000
MARKS: Final[Mapping[type, tuple[Any, ...]]] = {str: (",", "[", "{"), bytes: (b",", b"[", b"{")}
"""A value comes after one of these, or a key's colon."""


@dataclass(frozen=True, slots=True)
class BadRequest(Exception):
    """A request that is not one of GraphQL, or whose sender is not known."""

    status: int
    error: dict[str, Any]
    headers: Mapping[str, str] | None = None


def parse_json(text: str | bytes, what: str) -> Any:
    """JSON as the standard has it: without NaN, whole characters, nested as far as the parser can follow.

    It has so many values at most: each takes a hundred times what is written of it.
    """
    if len(text) > VALUES and sum(map(text.count, MARKS[type(text)])) > VALUES:
        raise BadRequest(400, request_error(BAD_USER_INPUT, f"{what} has more than {VALUES:,} values."))
    try:
        return json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise BadRequest(400, request_error(BAD_USER_INPUT, f"{what} is no JSON that can be read.")) from None


def _not_json(constant: str) -> None:
    raise ValueError(constant)


def parse_request(content: Any) -> GraphQLRequest:
    if not isinstance(content, dict):
        raise BadRequest(400, request_error(BAD_USER_INPUT, "A request is one JSON object with a query."))
    query, variables, operation = (content.get(key) for key in ("query", "variables", "operationName"))
    for name, value, kinds in (
        ("query", query, str),
        ("variables", variables, dict | None),
        ("operationName", operation, str | None),
        ("extensions", content.get("extensions"), dict | None),
    ):
        if not isinstance(value, kinds):
            raise BadRequest(
                400, request_error(BAD_USER_INPUT, f"{name} is missing or has another form than GraphQL gives it.")
            )
    return GraphQLRequest(query=str(query), variables=variables, operation=operation)


def encode_json(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # what quotes half of a surrogate pair, as the client sent it
        return json.dumps(body).encode()
