"""Edits of rows, for comparisons to find."""

import psycopg

from projections import deployment_requests
from tests.projections.world import World

TABLE = deployment_requests.VIEW.tables[0]


def edit(world: World) -> None:
    with psycopg.connect(world.urls.worker) as connection:
        first = f"SELECT id, max(version) FROM {TABLE} GROUP BY id ORDER BY id LIMIT 1"
        edited = f"UPDATE {TABLE} SET questioned = NOT questioned WHERE (id, version) = ({first})"
        assert connection.execute(edited.encode()).rowcount == 1
