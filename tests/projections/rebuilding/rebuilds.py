"""Runs of rebuilds, and what they leave behind."""

from collections.abc import Sequence
from typing import Any

import psycopg

from projections.rebuilding.copies import NEXT
from projections.rebuilding.rebuild import rebuild
from projections.rebuilding.rebuild_attempt import RebuildResult
from projections.tables.view import View
from service.event_store.mapper import decode
from tests.projections.world import World


def again(world: World, view: View, **options: Any) -> RebuildResult:
    return rebuild(view, world.urls.worker, decode, **options)


def asked(world: World, statement: str) -> Sequence[tuple[Any, ...]]:
    with psycopg.connect(world.urls.owner) as connection:
        return connection.execute(statement.encode()).fetchall()


def nothing_is_left(world: World) -> None:
    assert asked(world, f"SELECT relname FROM pg_class WHERE relnamespace = '{NEXT}'::regnamespace") == []
    assert asked(world, "SELECT view FROM projections.rebuilds") == []
    assert asked(world, "SELECT view FROM projections.copies") == []
