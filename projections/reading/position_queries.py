"""Statements on the positions of the views and of the log."""

from typing import Final

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Text, any_, bindparam, func, select

from projections.reading.statements import with_one_plan
from projections.tables import checkpoints, parked
from projections.tables.stored_events import events

LAST: Final = select(events.c.recorded_at).order_by(events.c.notification_id.desc()).limit(1).scalar_subquery()
POSITION_AS_OF: Final = select(
    func.event_store.position_as_of(bindparam("instant", type_=TIMESTAMP(timezone=True))),
    func.greatest(func.clock_timestamp(), LAST),
)
PARKED: Final = select(parked.streams.c.view, parked.streams.c.stream, parked.streams.c.position)
POSITIONS: Final = with_one_plan(
    select(
        checkpoints.table.c.view,
        checkpoints.reached,
        checkpoints.table.c.parked,
        checkpoints.table.c.mends,
        checkpoints.table.c.updated_at,
    )
)
_BEHIND: Final = checkpoints.reached < bindparam("wanted", type_=BigInteger)
_OF: Final = checkpoints.table.c.view == any_(bindparam("views", type_=ARRAY(Text)))
LACKING: Final = with_one_plan(select(checkpoints.table.c.view).where(_OF, _BEHIND))
"""Views that have not reached a position: a query on the same connection would miss events."""
