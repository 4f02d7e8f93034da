"""One request answered: its document read, judged and executed, and its errors told."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, cast

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, execute, subscribe

from service.graphql.execution.bounded_execution import BoundedExecutor, IncompleteAnswer
from service.graphql.execution.document_cache import DocumentCache
from service.graphql.execution.fast_fields import is_awaitable, with_fast_fields
from service.graphql.execution.graphql_errors import (
    UNAVAILABLE,
    VIEW_BEHIND,
    SubscriptionsEnded,
    format_errors,
    internal_error,
    subscription_error,
    too_many,
    untold,
)
from service.graphql.execution.person_quotas import QuotaExceeded
from service.graphql.execution.recorded_commands import mark_recorded
from service.graphql.execution.request import GraphQLRequest

if TYPE_CHECKING:
    from service.graphql.schema.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLResponse:
    """What it gets. executed: whether anything was begun; where not, there is no data at all.

    needs_post: whether it was refused only for being sent with GET. recorded: whether a command was recorded.
    """

    errors: list[dict[str, Any]]
    data: Mapping[str, Any] | None = None
    executed: bool = False
    needs_post: bool = False
    recorded: bool = False

    def retry_after(self, code: str) -> float | None:
        """Seconds, where something was not answered now, for the reason that the code says. None where a command was
        recorded: it is not to be sent again."""
        if self.recorded:
            return None
        waits = (error["extensions"] for error in self.errors if error["extensions"]["code"] == code)
        return max((float(wait.get("retryAfter", 1.0)) for wait in waits), default=None)

    @property
    def is_retryable(self) -> bool:
        """Whether something was not told that could be told later."""
        return any(error["extensions"]["code"] in (UNAVAILABLE, VIEW_BEHIND) for error in self.errors)

    @property
    def body(self) -> dict[str, Any]:
        """As GraphQL says that a response is formed."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        return {**body, "data": self.data} if self.executed else body


MUTATION_NEEDS_POST: Final = "Only queries are answered to GET: send this with POST."
SUBSCRIPTION_NEEDS_STREAM: Final = (
    "A subscription is answered over a WebSocket, or to a request that accepts text/event-stream."
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid document that does not ask for too much, and the kind of the operation that is to be executed."""

    node: DocumentNode
    asked: GraphQLRequest
    kind: OperationType
    cost: int

    @property
    def is_subscription(self) -> bool:
        return self.kind is OperationType.SUBSCRIPTION


class GraphQLExecutor:
    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = with_fast_fields(schema._schema)
        self._read = DocumentCache(self._schema).read

    async def prepare(
        self, asked: GraphQLRequest, context: "Context", *, read_only: bool = False
    ) -> Prepared | GraphQLResponse:
        """What is to be executed, or why nothing is."""
        document = await self._read(asked.query, context.share)
        if document.errors:
            return GraphQLResponse(errors=format_errors(document.errors, document.node))
        operation = document.operation(asked.operation)
        if isinstance(operation, GraphQLError):
            return GraphQLResponse(errors=format_errors([operation]))
        if read_only and operation.kind is OperationType.MUTATION:
            return GraphQLResponse(errors=format_errors([GraphQLError(MUTATION_NEEDS_POST)]), needs_post=True)
        cost = operation.cost(asked.variables)
        if isinstance(cost, GraphQLError):
            return GraphQLResponse(errors=format_errors([cost]))
        assert document.node is not None
        return Prepared(document.node, asked, operation.kind, cost)

    async def execute(self, prepared: Prepared | GraphQLResponse, context: "Context") -> GraphQLResponse:
        """The one answer to a query or a mutation. Never raises: whatever goes wrong is told as an error.

        The context is to be released when the client has taken it.
        """
        if isinstance(prepared, GraphQLResponse):
            return prepared
        if prepared.is_subscription:
            return GraphQLResponse(errors=format_errors([GraphQLError(SUBSCRIPTION_NEEDS_STREAM)]))
        try:
            async with context.share.cost(prepared.cost):
                result = await self._execute(prepared.node, prepared.asked, context)
                return _to_response(result, prepared.node, context)
        except QuotaExceeded as refused:
            return GraphQLResponse(errors=[too_many(refused)])
        except Exception as error:  # noqa: BLE001
            errors = [mark_recorded(internal_error(error), context.recorded)]
            return GraphQLResponse(errors=errors, recorded=bool(context.recorded))

    async def stream(
        self, asked: GraphQLRequest, context: "Context", *, read_only: bool = False
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """The answers to any operation, as they come. After one that is not executed there is none. Raises Ended."""
        prepared = await self.prepare(asked, context, read_only=read_only)
        async with aclosing(self.answers(prepared, context)) as answers:
            async for answer in answers:
                yield answer

    async def answers(
        self, prepared: Prepared | GraphQLResponse, context: "Context"
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """As `stream`, of what was prepared."""
        try:
            if isinstance(prepared, GraphQLResponse) or not prepared.is_subscription:
                yield await self.execute(prepared, context)
                return
            async with aclosing(self._stream_results(prepared.node, prepared.asked, context)) as answers:
                async for answer in answers:
                    yield answer
                    context.release()
        finally:
            context.release()

    async def _stream_results(
        self, document: DocumentNode, asked: GraphQLRequest, context: "Context"
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """What cannot be told now ends it: left out, it would be missed."""
        try:
            begun = await self._subscribe(document, asked, context)
            if isinstance(begun, ExecutionResult):
                yield GraphQLResponse(errors=format_errors(begun.errors or (), document))
                return
            async with aclosing(begun) as results:
                async for result in results:
                    answer = _to_response(result, document, context)
                    if answer.is_retryable:
                        yield GraphQLResponse(errors=answer.errors)
                        return
                    yield answer
        except SubscriptionsEnded:
            raise
        except Exception as error:  # noqa: BLE001
            yield GraphQLResponse(errors=[subscription_error(error)])

    async def _subscribe(
        self, document: DocumentNode, asked: GraphQLRequest, context: "Context"
    ) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
        try:
            found = subscribe(self._schema, document, **_arguments(asked, context))
        except StopIteration:
            raise GraphQLError("A subscription asks for one field: all of them are skipped.") from None
        begun = await found if isawaitable(found) else found
        return cast("AsyncGenerator[ExecutionResult, None] | ExecutionResult", begun)

    async def _execute(self, document: DocumentNode, asked: GraphQLRequest, context: "Context") -> ExecutionResult:
        result = execute(self._schema, document, **_arguments(asked, context))
        return await result if isawaitable(result) else result


def _arguments(asked: GraphQLRequest, context: "Context") -> dict[str, Any]:
    return {
        "variable_values": dict(asked.variables) if asked.variables else None,
        "operation_name": asked.operation,
        "context_value": context,
        "executor_class": BoundedExecutor,
        "is_awaitable": is_awaitable,
    }


def _to_response(result: ExecutionResult, document: DocumentNode, context: "Context") -> GraphQLResponse:
    recorded, errors = context.recorded, result.errors or []
    if (refused := context.refused) is not None:
        context.refused = None
        return GraphQLResponse(
            errors=format_errors([refused], document, recorded), executed=True, recorded=bool(recorded)
        )
    # An error before the first field, as of a variable, leaves no data; one in a field has a path.
    executed = result.data is not None or any(error.path for error in errors)
    found = format_errors([each for each in errors if not isinstance(each, IncompleteAnswer)], document, recorded)
    if context.untold:
        found.append(untold(context.untold))
        context.untold = 0
    return GraphQLResponse(data=result.data, errors=found, executed=executed, recorded=bool(recorded))
