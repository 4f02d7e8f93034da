"""Old stored forms of an incident's events, brought to their present form, dict to dict."""

from typing import Final

from domain.recorded_event import Upcasters

UPCASTERS: Final[Upcasters] = {}
