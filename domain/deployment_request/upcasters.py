"""Old stored forms of a deployment request's events, brought to their present form, dict to dict."""

from typing import Final

from domain.recorded_event import Upcasters

UPCASTERS: Final[Upcasters] = {}
