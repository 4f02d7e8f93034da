"""Upcasters of the events of a mail subscription: there are none yet."""

from typing import Final

from domain.recorded_event import Upcasters

UPCASTERS: Final[Upcasters] = {}
