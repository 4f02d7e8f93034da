"""Counts the statements of a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from projections.reading.read_connections import Connections

SHARED: Final = ("parked_streams", "checkpoints")
"""Tables that all requests share a look at."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that queries run meanwhile, but for shared ones. Commands and followers have connections of their
    own."""
    found: list[str] = []
    rows = Connections.rows

    async def noted(self: Connections, connection: Any, statement: Any, *rest: Any, **options: Any) -> Any:
        if not any(f"FROM projections.{table}" in str(statement) for table in SHARED):
            found.append(str(statement))
        return await rows(self, connection, statement, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connections, "rows", noted)
        yield found
