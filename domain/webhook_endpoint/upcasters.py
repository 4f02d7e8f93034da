"""Upcasters of the events of a webhook endpoint: there are none yet."""

from typing import Final

from domain.recorded_event import Upcasters

UPCASTERS: Final[Upcasters] = {}
