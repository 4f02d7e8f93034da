"""One request answered: its document read, judged and executed, and its errors told."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, cast

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, execute, subscribe

from service.graphql.execution.bounded_execution import PlainExecutor, Untold
from service.graphql.execution.document_cache import Reader
from service.graphql.execution.fast_fields import is_awaitable, plainly
from service.graphql.execution.graphql_errors import (
    UNAVAILABLE,
    VIEW_BEHIND,
    Ended,
    failure,
    fault,
    told,
    too_many,
    untold,
)
from service.graphql.execution.person_quotas import TooMany
from service.graphql.execution.recorded_commands import recorded_all_the_same
from service.graphql.execution.request import Asked

if TYPE_CHECKING:
    from service.graphql.schema.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it gets. executed: whether anything was begun; where not, there is no data at all.

    wants_post: whether it was refused only for being sent with GET. recorded: whether a command was recorded.
    """

    errors: list[dict[str, Any]]
    data: Mapping[str, Any] | None = None
    executed: bool = False
    wants_post: bool = False
    recorded: bool = False

    def retry_after(self, code: str) -> float | None:
        """Seconds, where something was not answered now, for the reason that the code says. None where a command was
        recorded: it is not to be sent again."""
        if self.recorded:
            return None
        waits = (error["extensions"] for error in self.errors if error["extensions"]["code"] == code)
        return max((float(wait.get("retryAfter", 1.0)) for wait in waits), default=None)

    @property
    def is_untold(self) -> bool:
        """Whether something was not told that could be told later."""
        return any(error["extensions"]["code"] in (UNAVAILABLE, VIEW_BEHIND) for error in self.errors)

    @property
    def body(self) -> dict[str, Any]:
        """As GraphQL says that a response is formed."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        return {**body, "data": self.data} if self.executed else body


NOT_BY_GET: Final = "Only queries are answered to GET: send this with POST."
NOT_AT_ONCE: Final = "A subscription is answered over a WebSocket, or to a request that accepts text/event-stream."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid document that does not ask for too much, and the kind of the operation that is to be executed."""

    node: DocumentNode
    asked: Asked
    kind: OperationType
    cost: int

    @property
    def is_subscription(self) -> bool:
        return self.kind is OperationType.SUBSCRIPTION


class Answering:
    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = plainly(schema._schema)
        self._read = Reader(self._schema).read

    async def prepare(self, asked: Asked, context: "Context", *, read_only: bool = False) -> Prepared | Answer:
        """What is to be executed, or why nothing is."""
        document = await self._read(asked.query, context.share)
        if document.errors:
            return Answer(errors=told(document.errors, document.node))
        operation = document.operation(asked.operation)
        if isinstance(operation, GraphQLError):
            return Answer(errors=told([operation]))
        if read_only and operation.kind is OperationType.MUTATION:
            return Answer(errors=told([GraphQLError(NOT_BY_GET)]), wants_post=True)
        cost = operation.cost(asked.variables)
        if isinstance(cost, GraphQLError):
            return Answer(errors=told([cost]))
        assert document.node is not None
        return Prepared(document.node, asked, operation.kind, cost)

    async def answer(self, prepared: Prepared | Answer, context: "Context") -> Answer:
        """The one answer to a query or a mutation. Never raises: whatever goes wrong is told as an error.

        The context is to be released when the client has taken it.
        """
        if isinstance(prepared, Answer):
            return prepared
        if prepared.is_subscription:
            return Answer(errors=told([GraphQLError(NOT_AT_ONCE)]))
        try:
            async with context.share.cost(prepared.cost):
                result = await self._execute(prepared.node, prepared.asked, context)
                return _formed(result, prepared.node, context)
        except TooMany as refused:
            return Answer(errors=[too_many(refused)])
        except Exception as error:  # noqa: BLE001
            errors = [recorded_all_the_same(fault(error), context.recorded)]
            return Answer(errors=errors, recorded=bool(context.recorded))

    async def stream(
        self, asked: Asked, context: "Context", *, read_only: bool = False
    ) -> AsyncGenerator[Answer, None]:
        """The answers to any operation, as they come. After one that is not executed there is none. Raises Ended."""
        prepared = await self.prepare(asked, context, read_only=read_only)
        async with aclosing(self.answers(prepared, context)) as answers:
            async for answer in answers:
                yield answer

    async def answers(self, prepared: Prepared | Answer, context: "Context") -> AsyncGenerator[Answer, None]:
        """As `stream`, of what was prepared."""
        try:
            if isinstance(prepared, Answer) or not prepared.is_subscription:
                yield await self.answer(prepared, context)
                return
            async with aclosing(self._subscribed(prepared.node, prepared.asked, context)) as answers:
                async for answer in answers:
                    yield answer
                    context.release()
        finally:
            context.release()

    async def _subscribed(
        self, document: DocumentNode, asked: Asked, context: "Context"
    ) -> AsyncGenerator[Answer, None]:
        """What cannot be told now ends it: left out, it would be missed."""
        try:
            begun = await self._subscribe(document, asked, context)
            if isinstance(begun, ExecutionResult):
                yield Answer(errors=told(begun.errors or (), document))
                return
            async with aclosing(begun) as results:
                async for result in results:
                    answer = _formed(result, document, context)
                    if answer.is_untold:
                        yield Answer(errors=answer.errors)
                        return
                    yield answer
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001
            yield Answer(errors=[failure(error)])

    async def _subscribe(
        self, document: DocumentNode, asked: Asked, context: "Context"
    ) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
        try:
            found = subscribe(self._schema, document, **_arguments(asked, context))
        except StopIteration:
            raise GraphQLError("A subscription asks for one field: all of them are skipped.") from None
        begun = await found if isawaitable(found) else found
        return cast("AsyncGenerator[ExecutionResult, None] | ExecutionResult", begun)

    async def _execute(self, document: DocumentNode, asked: Asked, context: "Context") -> ExecutionResult:
        result = execute(self._schema, document, **_arguments(asked, context))
        return await result if isawaitable(result) else result


def _arguments(asked: Asked, context: "Context") -> dict[str, Any]:
    return {
        "variable_values": dict(asked.variables) if asked.variables else None,
        "operation_name": asked.operation,
        "context_value": context,
        "executor_class": PlainExecutor,
        "is_awaitable": is_awaitable,
    }


def _formed(result: ExecutionResult, document: DocumentNode, context: "Context") -> Answer:
    recorded, errors = context.recorded, result.errors or []
    if (refused := context.refused) is not None:
        context.refused = None
        return Answer(errors=told([refused], document, recorded), executed=True, recorded=bool(recorded))
    # An error before the first field, as of a variable, leaves no data; one in a field has a path.
    executed = result.data is not None or any(error.path for error in errors)
    found = told([each for each in errors if not isinstance(each, Untold)], document, recorded)
    if context.untold:
        found.append(untold(context.untold))
        context.untold = 0
    return Answer(data=result.data, errors=found, executed=executed, recorded=bool(recorded))
