"""GraphQL over WebSocket: the protocol graphql-transport-ws, for subscriptions, queries and mutations."""

import asyncio
import logging
from contextlib import ExitStack, aclosing
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from service.access.authentication import authenticated
from service.access.identity import Blocked, Identity, Unauthenticated
from service.errors import Unavailable
from service.graphql.execution.cost_budget import BudgetExceeded
from service.graphql.execution.executor import GraphQLExecutor
from service.graphql.execution.graphql_errors import SubscriptionsEnded
from service.graphql.execution.person_quotas import PersonQuota
from service.graphql.execution.request import GraphQLRequest, charge_of_json
from service.graphql.schema.context import Context, Services
from service.graphql.subscriptions import lifetime, messages
from service.graphql.subscriptions.lifetime import ConnectionClosed, TimedSender
from service.graphql.subscriptions.limits import (
    LONGEST_BEFORE_INIT,
    LONGEST_MESSAGE,
    MESSAGES_BEFORE_INIT,
    LimitReached,
    person_of,
)
from service.graphql.subscriptions.messages import SUBPROTOCOL, Complete, ConnectionInit, Ping, Pong, Subscribe
from service.graphql.subscriptions.origins import is_allowed

LONGEST_REASON: Final = 123
"""Bytes."""
UNKNOWN: Final = ("", "")
"""All clients before connection_init, as one person."""
UNNAMED: Final = "Send a token in connection_init: {'Authorization': 'Bearer ...'}."
NO_INIT: Final = f"Send connection_init among the first {MESSAGES_BEFORE_INIT} messages."

_log = logging.getLogger(__name__)


class GraphQLOverWebSocket:
    """An ASGI application."""

    def __init__(self, executor: GraphQLExecutor) -> None:
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        services: Services = connection.app.state.services
        headers, limits = connection.headers, services.subscriptions.limits
        await receive()
        if not is_allowed(
            headers.get("origin"), headers.get("sec-fetch-site"), headers.get("host", ""), limits.origins
        ):
            await send({"type": "websocket.close", "code": 1008})
            return
        offered = SUBPROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if offered else None})
        socket = _Socket(self._executor, services, headers.get("authorization", ""), receive, send)
        await socket.serve(offered=offered)


class _Socket:
    """One connection."""

    def __init__(
        self, executor: GraphQLExecutor, services: Services, authorization: str, receive: Receive, send: Send
    ) -> None:
        self._executor = executor
        self._services = services
        self._bounds = services.subscriptions.limits
        self._authorization = authorization
        self._receive = receive
        self._send = TimedSender(send, self._bounds.send_timeout)
        self._identity: Identity | None = None
        self._share: PersonQuota = services.shares.of(UNKNOWN)
        self._place = ExitStack()
        self._lobby = ExitStack()
        self._leave = asyncio.Event()  # set when the client has authenticated, or has to leave
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self, *, offered: bool) -> None:
        """offered: whether the client offers the subprotocol."""
        with self._place, self._lobby:
            self._lobby.enter_context(self._services.subscriptions.lobby.one(self._leave))
            await self._close(await self._serve_until_closed(offered=offered))

    async def _serve_until_closed(self, *, offered: bool) -> ConnectionClosed:
        """Serves until the connection ends, and returns the first reason."""

        async def serve(tasks: asyncio.TaskGroup) -> None:
            if not offered:
                raise ConnectionClosed(lifetime.NO_SUBPROTOCOL, f"Offer the subprotocol {SUBPROTOCOL}.")
            tasks.create_task(self._watch())
            async with asyncio.TaskGroup() as operations:
                reading = operations.create_task(self._read(operations))
                await self._services.subscriptions.until_drained()
                reading.cancel()
            raise ConnectionClosed(lifetime.RESTART, lifetime.SERVER_RESTARTS)

        return await self._services.subscriptions.serve_until_closed(serve)

    async def _watch(self) -> None:
        try:
            async with asyncio.timeout(self._bounds.connection_init_timeout):
                await self._leave.wait()
        except TimeoutError:
            raise ConnectionClosed(lifetime.NOT_GREETED, "Connection initialisation timeout") from None
        if self._identity is None:
            raise ConnectionClosed(lifetime.TRY_LATER, lifetime.CROWDED)
        await self._services.subscriptions.until_unauthorized(self._identity)

    async def _read(self, operations: asyncio.TaskGroup) -> None:
        messages_before_init = 0
        while True:
            event = await self._receive()
            if self._identity is None and (messages_before_init := messages_before_init + 1) > MESSAGES_BEFORE_INIT:
                raise ConnectionClosed(lifetime.UNAUTHORIZED, NO_INIT)
            longest = LONGEST_BEFORE_INIT if self._identity is None else LONGEST_MESSAGE
            await self._share.pace.point(charge_of_json(event.get("text") or ""))
            match messages.parse_message(event, longest):
                case ConnectionInit(token):
                    await self._greet(token)
                case Ping(payload):
                    await self._send_text(messages.pong_message(payload))
                case Pong():
                    pass
                case Subscribe(id, request):
                    await self._start_operation(id, request, operations)
                case Complete(id):
                    if (operation := self._operations.pop(id, None)) is not None:
                        operation.cancel()
            await asyncio.sleep(0)  # yields to other connections after each message

    async def _greet(self, token: str | None) -> None:
        if self._identity is not None:
            raise ConnectionClosed(lifetime.GREETED_TWICE, "Too many initialisation requests")
        given = token or messages.bearer(self._authorization)
        if given is None:
            raise ConnectionClosed(lifetime.UNAUTHORIZED, UNNAMED)
        try:
            identity = await authenticated(self._services.identify, given)
            self._place.enter_context(self._services.subscriptions.connections.occupied(person_of(identity)))
        except (Unauthenticated, Blocked) as reason:
            raise ConnectionClosed(lifetime.FORBIDDEN, str(reason)) from None
        except (LimitReached, Unavailable) as full:
            raise ConnectionClosed(lifetime.TRY_LATER, str(full)) from None
        self._identity, self._share = identity, self._services.shares.of(person_of(identity))
        self._lobby.close()
        self._leave.set()
        await self._send_text(messages.connection_ack())

    async def _start_operation(self, id: str, request: GraphQLRequest, operations: asyncio.TaskGroup) -> None:
        if self._identity is None:
            raise ConnectionClosed(lifetime.UNAUTHORIZED, "Unauthorized: connection_init comes first.")
        if id in self._operations:
            raise ConnectionClosed(lifetime.DUPLICATE, f"Subscriber for {id} already exists")
        if len(self._operations) >= self._bounds.operations:
            full = LimitReached(f"This connection already has {self._bounds.operations} operations: end one.")
            await self._send_text(messages.error_message(id, [dict(full.formatted)]))
        else:
            self._operations[id] = operations.create_task(self._operate(id, request, self._identity))

    async def _operate(self, id: str, request: GraphQLRequest, identity: Identity) -> None:
        try:
            await self._answer(id, request, identity)
        except BudgetExceeded as spent:
            raise ConnectionClosed(lifetime.TRY_LATER, str(spent)) from None
        except SubscriptionsEnded:
            pass

    async def _answer(self, id: str, request: GraphQLRequest, identity: Identity) -> None:
        context = Context(self._services, identity, self._services.clock())
        async with aclosing(self._executor.stream(request, context)) as answers:
            async for answer in answers:
                self._services.subscriptions.check(identity)
                if not answer.executed:
                    self._operations.pop(id, None)
                await self._send_text(messages.next_message(id, answer))
                if not answer.executed:
                    return
        self._operations.pop(id, None)
        await self._send_text(messages.complete_message(id))

    async def _send_text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def _close(self, ending: ConnectionClosed) -> None:
        """Sends the close message; a slow client receives it when it resumes reading."""
        if ending.code is None:
            return
        reason = ending.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            await self._send(
                {"type": "websocket.close", "code": ending.code, "reason": reason}, self._bounds.close_timeout
            )
        except ConnectionClosed:
            _log.info("the client did not receive why its connection was closed: %s", reason)
