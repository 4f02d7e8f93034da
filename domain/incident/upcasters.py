"""Upcasters of the events of an incident."""

from typing import Final

from domain.recorded_event import Upcasters

UPCASTERS: Final[Upcasters] = {
    ("IncidentAttributed", 1): lambda data: {**data, "alternatives": [], "changed_because": None},
    ("IncidentCorrected", 1): lambda data: {**data, "correction": None},
}
"""IncidentAttributed 2: `alternatives` and `changed_because`. Findings from before name none.

IncidentCorrected 2: `correction`. None was proposed before.
"""
