"""One request answered: its document read, judged and executed, and its errors told."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final, cast

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, execute, subscribe

from service.graphql.context import Context
from service.graphql.documents import Reader
from service.graphql.errors import UNAVAILABLE, VIEW_BEHIND, failure, fault, told
from service.graphql.live.tide import Ended
from service.graphql.plain import PlainExecutor, TooMuch, is_awaitable, plainly
from service.graphql.recorded import NOTHING_YET, Recorded, recorded_all_the_same


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client sent."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation: str | None = None


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

    @property
    def retry_after(self) -> float | None:
        """Seconds, where something could not be answered now. None where a command was recorded: it is not to be sent
        again."""
        if self.recorded:
            return None
        waits = (error["extensions"] for error in self.errors if error["extensions"]["code"] == UNAVAILABLE)
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
class _Prepared:
    """A valid document that does not ask for too much, and the kind of the operation that is to be executed."""

    node: DocumentNode
    kind: OperationType


class Answering:
    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = plainly(schema._schema)
        self._read = Reader(self._schema).read

    async def answer(self, asked: Asked, context: Context, *, read_only: bool = False) -> Answer:
        """The one answer to a query or a mutation. Never raises: whatever goes wrong is told as an error."""
        prepared = self._prepared(asked, read_only=read_only)
        if isinstance(prepared, Answer):
            return prepared
        if prepared.kind is OperationType.SUBSCRIPTION:
            return Answer(errors=told([GraphQLError(NOT_AT_ONCE)]))
        return await self._answered(prepared.node, asked, context)

    async def stream(self, asked: Asked, context: Context, *, read_only: bool = False) -> AsyncGenerator[Answer, None]:
        """The answers to any operation, as they come. After one that is not executed there is none. Raises Ended."""
        prepared = self._prepared(asked, read_only=read_only)
        if isinstance(prepared, Answer):
            yield prepared
        elif prepared.kind is not OperationType.SUBSCRIPTION:
            yield await self._answered(prepared.node, asked, context)
        else:
            async with aclosing(self._subscribed(prepared.node, asked, context)) as answers:
                async for answer in answers:
                    yield answer

    def _prepared(self, asked: Asked, *, read_only: bool) -> _Prepared | Answer:
        """What is to be executed, or why nothing is."""
        document = self._read(asked.query)
        if document.errors:
            return Answer(errors=told(document.errors, document.node))
        operation = document.operation(asked.operation)
        if isinstance(operation, GraphQLError):
            return Answer(errors=told([operation]))
        if read_only and operation.kind is OperationType.MUTATION:
            return Answer(errors=told([GraphQLError(NOT_BY_GET)]), wants_post=True)
        if (excess := operation.excess(asked.variables)) is not None:
            return Answer(errors=told([excess]))
        assert document.node is not None
        return _Prepared(document.node, operation.kind)

    async def _answered(self, document: DocumentNode, asked: Asked, context: Context) -> Answer:
        try:
            return _formed(await self._execute(document, asked, context), document, context.recorded)
        except Exception as error:  # noqa: BLE001
            errors = [recorded_all_the_same(fault(error), context.recorded)]
            return Answer(errors=errors, recorded=bool(context.recorded))

    async def _subscribed(self, document: DocumentNode, asked: Asked, context: Context) -> AsyncGenerator[Answer, None]:
        """What cannot be told now ends it: left out, it would be missed."""
        try:
            begun = await self._subscribe(document, asked, context)
            if isinstance(begun, ExecutionResult):
                yield Answer(errors=told(begun.errors or (), document))
                return
            async with aclosing(begun) as results:
                async for result in results:
                    answer = _formed(result, document)
                    if answer.is_untold:
                        yield Answer(errors=answer.errors)
                        return
                    yield answer
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001
            yield Answer(errors=[failure(error)])

    async def _subscribe(
        self, document: DocumentNode, asked: Asked, context: Context
    ) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
        try:
            found = subscribe(self._schema, document, **_arguments(asked, context))
        except StopIteration:
            raise GraphQLError("A subscription asks for one field: all of them are skipped.") from None
        begun = await found if isawaitable(found) else found
        return cast("AsyncGenerator[ExecutionResult, None] | ExecutionResult", begun)

    async def _execute(self, document: DocumentNode, asked: Asked, context: Context) -> ExecutionResult:
        result = execute(self._schema, document, **_arguments(asked, context))
        return await result if isawaitable(result) else result


def _arguments(asked: Asked, context: Context) -> dict[str, Any]:
    return {
        "variable_values": dict(asked.variables) if asked.variables else None,
        "operation_name": asked.operation,
        "context_value": context,
        "executor_class": PlainExecutor,
        "is_awaitable": is_awaitable,
    }


def _formed(result: ExecutionResult, document: DocumentNode, recorded: Recorded = NOTHING_YET) -> Answer:
    if any(isinstance(error, TooMuch) or isinstance(error.original_error, TooMuch) for error in result.errors or ()):
        return Answer(errors=told([TooMuch()], document, recorded), executed=True, recorded=bool(recorded))
    # An error before the first field, as of a variable, leaves no data; one in a field has a path.
    executed = result.data is not None or any(error.path for error in result.errors or ())
    errors = told(result.errors or (), document, recorded)
    return Answer(data=result.data, errors=errors, executed=executed, recorded=bool(recorded))
