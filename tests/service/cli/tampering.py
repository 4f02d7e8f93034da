"""What nobody should do to the store, and somebody may: the register is to miss it, and to say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from domain.recorded_event import Recorded
from tests.projections.world import World


def take_out(world: World, taken: Recorded[Any]) -> None:
    """The event is there no more."""
    with _unguarded(world) as connection:
        connection.execute("ALTER TABLE event_store.event_texts DROP CONSTRAINT fk_event_texts_position_events")
        connection.execute("DELETE FROM event_store.events WHERE notification_id = %s", [taken.position])


def spoil(world: World, spoilt: Recorded[Any]) -> None:
    """The event is there, and no version of the register can have written it."""
    with _unguarded(world) as connection:
        connection.execute("UPDATE event_store.events SET state = 'x' WHERE notification_id = %s", [spoilt.position])


@contextmanager
def _unguarded(world: World) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(world.urls.owner, autocommit=True) as connection:
        connection.execute("ALTER TABLE event_store.events DISABLE TRIGGER never_changed")
        yield connection
