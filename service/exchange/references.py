"""From a reference, as people say it, to the stream: numbers are a stream too, whose version is the number."""

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain import catalogue, numbering
from domain.numbering import NumberAssigned
from service.event_store import EventStore
from service.items import Row
from service.mapper import Mapper

FORM: Final = re.compile(r"(?P<series>[a-z0-9-]+)-(?P<number>[0-9]{4,9})")
UNTOLD: Final = datetime.min.replace(tzinfo=UTC)

_MAPPER: Final = Mapper(catalogue.EVENTS, catalogue.SCHEMAS, catalogue.UPCASTERS)


def find(store: EventStore, reference: str) -> UUID | None:
    """The stream of the request or incident with this reference, whoever may see it; None where there is none."""
    match = FORM.fullmatch(reference)
    if match is None or (number := int(match["number"])) < 1 or f"{number:04}" != match["number"]:
        return None
    series = numbering.stream_of(match["series"])
    for stored in store.recorder.select_events(series, gt=number - 1, limit=1):
        row = Row(0, series, number, stored.topic, stored.state, UNTOLD, None)
        event = _MAPPER.decode(row).event
        if isinstance(event, NumberAssigned):
            return event.subject
    return None
