"""Edits of rows, for comparisons to find."""

import psycopg

from projections.views import deployment_requests
from tests.projections.world import World

TABLE = deployment_requests.VIEW.tables[0]


def edit(world: World) -> None:
    with psycopg.connect(world.urls.worker) as connection:
        first = f"SELECT id, version FROM {TABLE} WHERE NOT questioned ORDER BY id, version DESC LIMIT 1"
        edited = f"UPDATE {TABLE} SET questioned = true WHERE (id, version) = ({first})"
        assert connection.execute(edited.encode()).rowcount == 1
