"""How a stored event is read where many are read, by whatever process: a function that can be found by its name."""

from collections.abc import Sequence
from typing import Any, Final

from domain.catalogue import EVENTS, SCHEMAS, UPCASTERS
from domain.recorded import Recorded
from service.items import Row
from service.mapper import Mapper

_MAPPER: Final = Mapper(EVENTS, SCHEMAS, UPCASTERS)


def decode(row: Sequence[Any]) -> Recorded[Any]:
    """position, stream, version, topic, state, recorded_at, texts. Raises CorruptEvent."""
    return _MAPPER.decode(Row._make(row))
