"""Messages of graphql-transport-ws: parsing of client messages, encoding of server messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Message

from service.graphql.execution.executor import GraphQLResponse
from service.graphql.execution.request import BadRequest, GraphQLRequest, encode_json, parse_json, parse_request
from service.graphql.subscriptions.lifetime import BAD_MESSAGE, GONE, TOO_LONG, ConnectionClosed
from service.graphql.subscriptions.limits import LONGEST_MESSAGE

SUBPROTOCOL: Final = "graphql-transport-ws"
BEFORE: Final = " before connection_init was accepted"


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    """token: as sent, None if absent."""

    token: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


ClientMessage = ConnectionInit | Ping | Pong | Subscribe | Complete


def parse_message(event: Message, longest: int = LONGEST_MESSAGE) -> ClientMessage:
    """Parses a client message. Raises ConnectionClosed if the client is gone or the message is invalid.

    longest: in bytes.
    """
    if event["type"] == "websocket.disconnect":
        raise ConnectionClosed(GONE)
    text = event.get("text")
    if text is None:
        raise ConnectionClosed(BAD_MESSAGE, "Messages are text.")
    if len(text) > longest or len(text.encode("utf-8", "surrogatepass")) > longest:
        raise ConnectionClosed(
            TOO_LONG, f"A message has at most {longest:,} bytes{BEFORE if longest < LONGEST_MESSAGE else ''}."
        )
    try:
        return _parse_content(parse_json(text, "The message"))
    except BadRequest as refused:
        raise ConnectionClosed(BAD_MESSAGE, refused.error["message"]) from None


def _parse_content(content: Any) -> ClientMessage:
    if not isinstance(content, dict):
        raise ConnectionClosed(BAD_MESSAGE, "A message is one JSON object.")
    payload = content.get("payload")
    match content.get("type"):
        case "connection_init":
            return ConnectionInit(_token(_object(payload)))
        case "ping":
            return Ping(_object(payload))
        case "pong":
            return Pong()
        case "subscribe":
            return Subscribe(_id(content), parse_request(payload))
        case "complete":
            return Complete(_id(content))
        case _:
            raise ConnectionClosed(BAD_MESSAGE, "The message type is unknown to graphql-transport-ws.")


def _object(payload: object) -> dict[str, Any] | None:
    if not isinstance(payload, dict | None):
        raise ConnectionClosed(BAD_MESSAGE, "A payload is an object.")
    return payload


def _id(content: Mapping[str, Any]) -> str:
    found = content.get("id")
    if not isinstance(found, str) or not found:
        raise ConnectionClosed(BAD_MESSAGE, "An operation needs an id, which is a string.")
    return found


def _token(payload: Mapping[str, Any] | None) -> str | None:
    """Accepts {"Authorization": "Bearer ..."}, in any letter case, or {"token": "..."}."""
    given = {name.lower(): value for name, value in (payload or {}).items() if isinstance(value, str)}
    return bearer(given.get("authorization", "")) or given.get("token") or None


def bearer(header: str) -> str | None:
    """The token of an Authorization header."""
    scheme, _, token = header.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def connection_ack() -> str:
    return _encode({"type": "connection_ack"})


def pong_message(payload: Mapping[str, Any] | None) -> str:
    return _encode({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def next_message(id: str, answer: GraphQLResponse) -> str:
    """A response message; an error message if nothing was executed, which ends the operation."""
    if answer.executed:
        return _encode({"id": id, "type": "next", "payload": answer.body})
    return error_message(id, answer.errors)


def error_message(id: str, errors: list[dict[str, Any]]) -> str:
    return _encode({"id": id, "type": "error", "payload": errors})


def complete_message(id: str) -> str:
    return _encode({"id": id, "type": "complete"})


def _encode(message: Mapping[str, Any]) -> str:
    return encode_json(message).decode()
