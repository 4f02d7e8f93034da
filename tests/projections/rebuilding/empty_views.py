"""Empties a view, as if it had never been filled."""

import psycopg

from projections.catalogue import VIEWS
from tests.projections.world import World


def empty(world: World) -> None:
    """As if no event had ever been applied."""
    with psycopg.connect(world.urls.worker) as connection:
        for table in (table for view in VIEWS for table in view.tables):
            connection.execute(f"TRUNCATE {table}".encode())
        connection.execute("UPDATE projections.checkpoints SET position = 0")
