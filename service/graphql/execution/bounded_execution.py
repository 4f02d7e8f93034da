"""Executes a document within cost and size limits, in slices that yield to the event loop."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLError, get_named_type, is_leaf_type, is_non_null_type, located_error
from graphql.execution import Executor
from graphql.pyutils import gather_with_cancel

from service.graphql.execution.fast_fields import AttributeResolver
from service.graphql.execution.field_charges import COST, READ, charge_of_field, charge_of_item
from service.graphql.execution.graphql_errors import ERRORS
from service.graphql.execution.person_quotas import QuotaExceeded

if TYPE_CHECKING:
    from service.graphql.schema.context import Context

LONGEST: Final = 4 * 1024 * 1024
"""Bytes of a response."""
STEP: Final = 64 * 1024
"""Bytes reserved from the person's quota at a time. A response below this size reserves none."""
FRAME: Final = 4
"""Bytes per value: quotation marks, a colon and a comma."""


class TooMuch(GraphQLError):
    """The response exceeds a limit: none of it is sent."""


class IncompleteAnswer(GraphQLError):
    """Placeholder for an error that is not reported itself."""


class BoundedExecutor(Executor[None]):
    """graphql-core's executor with a fast path for attributes, limits on cost and size, and cooperative slices.

    The cost check before execution estimates list lengths; this executor counts the actual ones.
    """

    context_value: "Context"
    _cost = 0
    _bytes = 0
    _reserved = STEP
    _nulls = 0

    def execute_field(self, parent_type: Any, source: Any, field_details_list: Any, path: Any, position: Any) -> Any:
        field = parent_type.fields.get(field_details_list[0].node.name.value)
        charge = charge_of_field(field)
        self._spend(charge, len(path.key))
        resolve = field.resolve if field is not None else None
        if type(resolve) is AttributeResolver and (write := resolve.write) is not None:
            value = getattr(source, resolve.name, None)
            if value is None:
                if resolve.optional:
                    return None
            elif (written := write(value)) is not None:
                if type(written) is str:
                    self._count_bytes(len(written) if written.isascii() else 4 * len(written))
                return written
        return super().execute_field(parent_type, source, field_details_list, path, position)

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]
        written = super().complete_leaf_value(return_type, result)
        self._count_bytes(json_size(written))
        return written

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
            if self.complete_list_item_value(items[index], found.items, *arguments):
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
        self._cost += units
        if self._cost > COST:
            raise TooMuch(f"The answer costs more than {COST:,} fields: ask for shorter pages or fewer fields.")
        self.context_value.pace.spend(min(units, READ))
        self._count_bytes(characters + FRAME)

    def _count_bytes(self, number: int) -> None:
        """Counts bytes of the response and reserves them from the person's quota."""
        self._bytes += number
        if self._bytes > self._reserved:
            if self._bytes > LONGEST:
                raise TooMuch(f"The answer has more than {LONGEST:,} bytes: ask for shorter pages or fewer fields.")
            self.context_value.reserve(STEP)
            self._reserved += STEP


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
        found = await gather_with_cancel(*(self.items[index] for index in self.awaited))
        for index, item in zip(self.awaited, found, strict=True):
            self.items[index] = item
        return self.items


def json_size(value: Any) -> int:
    """Approximate size of a value as JSON, in bytes."""
    if isinstance(value, str):
        return len(value) if value.isascii() else 4 * len(value)
    total, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        total += FRAME
        if isinstance(each, str):
            total += len(each) if each.isascii() else 4 * len(each)
        elif isinstance(each, Mapping):
            waiting.extend(each.keys())
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return total
