"""DataLoaders of regions, as of one reading."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Protocol, TypeVar

from strawberry.dataloader import DataLoader

from domain.jurisdiction import Mandate
from domain.region import RegisteredRegion
from domain.vocabulary import Region
from projections.reading.queries import Query, ViewerScope
from projections.views import authorities, regions
from service.graphql.loaders.dataloader import single_loader

T = TypeVar("T")


class Rows(Protocol):
    """`Loaders.rows`."""

    def __call__(self, query: Callable[[ViewerScope], Query[T]], /) -> Awaitable[list[T]]: ...


class RegionLoaders:
    def __init__(self, rows: Rows, now: datetime) -> None:
        """now: the time at which mandates are judged."""
        self._rows = rows
        self._now = now

    @cached_property
    def by_path(self) -> DataLoader[Region, RegisteredRegion | None]:
        async def find(paths: list[Region]) -> Mapping[Region, RegisteredRegion]:
            rows = await self._rows(lambda scope: regions.by_paths(scope, paths))
            return {found.path: found for found in rows}

        return single_loader(find)

    @cached_property
    def deciding_mandates(self) -> DataLoader[Region, Mandate | None]:
        """By path: the mandate that decides there."""

        async def find(paths: list[Region]) -> Mapping[Region, Mandate]:
            rows = await self._rows(lambda scope: authorities.jurisdictions_around(scope, paths))
            return authorities.deciding(paths, rows, self._now)

        return single_loader(find)
