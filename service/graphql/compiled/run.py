"""Runs a compiled operation: fields with a resolver are awaited level by level, so that loaders batch a whole level."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from graphql import OperationType
from graphql.execution import Executor

from service.graphql.compiled.leaves import Unexpected
from service.graphql.compiled.plans import Plan
from service.graphql.compiled.resolvers import Resolver

Hole = tuple[dict[str, Any], Any, Resolver]
"""A field to resolve: the object of the response, its source, and the resolver."""


class Meter(Protocol):
    """Counts what a response costs. Each method may raise: the operation is then unexpected."""

    def spend(self, units: int, size: int) -> None:
        """Counts units of cost and bytes of the response."""

    def spend_value(self, value: object) -> None:
        """Counts the bytes of a JSON value."""

    def note(self, disclosure: Any) -> None:
        """Notes what the access log records of an object that the response shows; None for nothing."""

    @property
    def is_spent(self) -> bool:
        """Whether others should run now."""

    async def pause(self, resolvers: int = 0) -> None:
        """Lets others run if they should. resolvers: number of resolvers that are called next."""


class Run:
    """One run of a plan. resolved: by response key, the values of the root fields, or the exceptions they raised."""

    def __init__(self, plan: Plan, executor: Executor[Any], meter: Meter) -> None:
        self.resolved: dict[str, Any] = {}
        self.spend, self.spend_value, self.note = meter.spend, meter.spend_value, meter.note
        self._plan, self._executor, self._meter = plan, executor, meter
        self._holes: list[Hole] = []
        self.leave = self._holes.append
        self._arguments: dict[Resolver, Mapping[str, Any]] = {}

    async def data(self) -> dict[str, Any]:
        """The data of a query or a mutation. Raises Unexpected."""
        found, holes = self._root()
        if self._executor.operation.operation is OperationType.MUTATION:
            for hole in holes:
                await self._fill([hole])
        else:
            await self._fill(holes)
        return found

    async def event(self, value: object) -> dict[str, Any]:
        """The data of a subscription for one event. Raises Unexpected."""
        found, holes = self._root()
        await self._complete(holes, [value])
        await self._fill(self._taken())
        return found

    def _root(self) -> tuple[dict[str, Any], list[Hole]]:
        try:
            return self._plan.complete(None, self), self._taken()
        except Exception as error:
            raise Unexpected from error

    async def _fill(self, holes: list[Hole]) -> None:
        while holes:
            await self._complete(holes, await self._values(holes))
            holes = self._taken()

    async def _complete(self, holes: Sequence[Hole], values: Sequence[object]) -> None:
        if holes and holes[0][1] is None:  # the root has no source
            self.resolved.update((resolver.key, value) for (_, _, resolver), value in zip(holes, values, strict=True))
        if (error := next((value for value in values if isinstance(value, Exception)), None)) is not None:
            raise Unexpected from error
        for (found, _, resolver), value in zip(holes, values, strict=True):
            try:
                found[resolver.key] = resolver.complete(value, self)
            except Exception as error:
                raise Unexpected from error
            if self._meter.is_spent:
                await self._meter.pause()

    async def _values(self, holes: Sequence[Hole]) -> list[Any]:
        """The value of each field, or the exception that it raised."""
        calls = [self._awaited(source, resolver) for _, source, resolver in holes if resolver.is_async]
        awaited = iter(await asyncio.gather(*calls) if len(calls) > 1 else [await each for each in calls])
        return [next(awaited) if resolver.is_async else self._called(source, resolver) for _, source, resolver in holes]

    async def _awaited(self, source: object, resolver: Resolver) -> Any:
        try:
            await self._meter.pause(1)
            return await resolver.call(source, self._arguments_of(resolver))
        except Exception as error:  # noqa: BLE001
            return error

    def _called(self, source: object, resolver: Resolver) -> Any:
        try:
            return resolver.call(source, self._arguments_of(resolver))
        except Exception as error:  # noqa: BLE001
            return error

    def _arguments_of(self, resolver: Resolver) -> Mapping[str, Any]:
        found = self._arguments.get(resolver)
        if found is None:
            found = self._arguments[resolver] = resolver.arguments(self._executor)
        return found

    def _taken(self) -> list[Hole]:
        found = self._holes[:]
        self._holes.clear()
        return found
