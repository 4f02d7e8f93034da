"""DataLoaders that batch the loads of single fields."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from strawberry.dataloader import DataLoader

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
E = TypeVar("E", bound=Exception)


Loads = set[asyncio.Task[object]]
"""The tasks that read for one request, while they do. Cancel them if nobody waits any more: loads are shielded."""


@contextmanager
def noted(loads: Loads) -> Iterator[None]:
    """Notes the current task as one that reads."""
    task = asyncio.current_task()
    assert task is not None
    if task in loads:
        yield
        return
    loads.add(task)
    try:
        yield
    finally:
        loads.discard(task)


class _Loader(DataLoader[K, T]):
    """Loads are shielded: cancelling one waiter does not cancel the others."""

    def load(self, key: K) -> Awaitable[T]:
        return asyncio.shield(super().load(key))


def single_loader(find: Callable[[list[K]], Awaitable[Mapping[K, V | E]]]) -> DataLoader[K, V | None]:
    """Loader of optional values. A key whose value is an exception raises it."""

    async def load(keys: list[K]) -> Sequence[V | E | None]:
        found = await find(keys)
        return [found.get(key) for key in keys]

    return _Loader(load)


def list_loader(find: Callable[[list[K]], Awaitable[Mapping[K, V | E]]]) -> DataLoader[K, V]:
    """Loader of values that exist for every key. A key whose value is an exception raises it."""

    async def load(keys: list[K]) -> Sequence[V | E]:
        found = await find(keys)
        return [found[key] for key in keys]

    return _Loader(load)
