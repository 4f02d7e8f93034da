"""Executes a document with graphql-core within cost and size limits, in slices that yield to the event loop."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, get_named_type, is_leaf_type, is_non_null_type, located_error
from graphql.execution import Executor
from graphql.pyutils import gather_with_cancel

from service.graphql.execution.answer_meter import FRAME, AnswerMeter, TooMuch, json_size
from service.graphql.execution.field_charges import READ, charge_of_field, charge_of_item, is_async
from service.graphql.execution.graphql_errors import ERRORS
from service.graphql.execution.pace import Pace
from service.graphql.execution.person_quotas import QuotaExceeded

if TYPE_CHECKING:
    from service.graphql.schema.context import Context


class IncompleteAnswer(GraphQLError):
    """Placeholder for an error that is not reported itself."""


class BoundedExecutor(Executor[None]):
    """graphql-core's executor with limits on cost and size, and cooperative slices."""

    context_value: "Context"
    _meter: AnswerMeter
    _nulls = 0

    def execute_operation(self, serially: bool | None = None) -> Any:
        self._meter = AnswerMeter(self.context_value)
        return super().execute_operation(serially)

    def execute_field(self, parent_type: Any, source: Any, field_details_list: Any, path: Any, position: Any) -> Any:
        field = parent_type.fields.get(field_details_list[0].node.name.value)
        self._spend(charge_of_field(field), len(path.key))
        return super().execute_field(parent_type, source, field_details_list, path, position)

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]
        written = super().complete_leaf_value(return_type, result)
        self._meter.spend(0, json_size(written))
        return written

    def complete_object_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        if hasattr(type(result), "disclosure"):
            self.context_value.disclosures.note(result.disclosure)
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def complete_iterable_value(
        self, item_type: Any, field_details_list: Any, info: Any, path: Any, items: Iterable[Any], position: Any
    ) -> Any:
        """Completes a list of objects in slices if it takes longer than one slice."""
        if not isinstance(items, list) or is_leaf_type(get_named_type(item_type)):
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, position)
        pace, of_item, found = self.context_value.pace, charge_of_item(get_named_type(item_type)), PartialList()

        def complete(index: int) -> None:
            self._spend(of_item, 0)
            arguments = (item_type, field_details_list, info, path.add_key(index, None), position)
            if self.is_awaitable(items[index]):
                found.items.append(self.complete_awaitable_list_item_value(items[index], *arguments))
                found.awaited.append(index)
            elif self.complete_list_item_value(items[index], found.items, *arguments):
                found.awaited.append(index)

        async def complete_rest(start: int) -> list[Any]:
            with found.settling(self):
                for index in range(start, len(items)):
                    if pace.is_spent:
                        await pace.point()
                    complete(index)
            return await found.completed()

        with found.settling(self):
            for index in range(len(items)):
                if pace.is_spent:
                    return complete_rest(index)
                complete(index)
        return found.completed() if found.awaited else found.items

    def handle_field_error(self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Any) -> None:
        """Reports the first ERRORS errors of nullable fields and counts the others.

        An error that propagates to a parent is always reported: it is the only explanation of the lost data.
        """
        context, propagates = self.context_value, self.error_propagation and is_non_null_type(return_type)
        cause = raw_error.original_error if isinstance(raw_error, GraphQLError) else raw_error
        if isinstance(raw_error, TooMuch) or isinstance(cause, TooMuch | QuotaExceeded):
            if context.refused is None:
                nodes = [each.node for each in field_details_list]
                context.refused = located_error(raw_error, nodes, path.as_list())
            if propagates:
                raise IncompleteAnswer("", path=path.as_list())
        elif propagates or self._nulls < ERRORS:
            self._nulls += not propagates
            super().handle_field_error(raw_error, return_type, field_details_list, path)
        else:
            context.omitted_errors += 1

    def _spend(self, units: int, characters: int) -> None:
        self._meter.spend(units, characters + FRAME)
        self.context_value.pace.spend(min(units, READ))


class RootValues:
    """Middleware: root fields give back the values already resolved, and other resolvers wait for the person's slice.

    resolved: values by response key; an exception is raised. executed: response keys of the root fields.
    """

    def __init__(self) -> None:
        self.resolved: Mapping[str, Any] = {}
        self.executed: set[str] = set()

    def resolve(self, proceed: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        def resolved() -> Any:
            return self.resolved[info.path.key] if is_given else proceed(source, info, **arguments)

        is_given = info.path.prev is None and info.path.key in self.resolved
        if info.path.prev is None:
            self.executed.add(info.path.key)
        return _paced(resolved, info.context.pace) if is_async(info.parent_type, info.field_name) else resolved()


async def _paced(resolved: Callable[[], Any], pace: Pace) -> Any:
    await pace.point(READ)
    found = resolved()
    return await found if isawaitable(found) else found


class PartialList:
    """A list under completion. awaited: indices of the items that are awaitables."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.awaited: list[int] = []

    @contextmanager
    def settling(self, executor: Executor[None]) -> Iterator[None]:
        """Settles pending items in the background if the list cannot be completed."""
        try:
            yield
        except BaseException:
            executor.settle_in_background([self.items[index] for index in self.awaited])
            raise

    async def completed(self) -> list[Any]:
        pending = [self.items[index] for index in self.awaited]
        found = await gather_with_cancel(*pending) if len(pending) > 1 else [await each for each in pending]
        for index, item in zip(self.awaited, found, strict=True):
            self.items[index] = item
        return self.items
