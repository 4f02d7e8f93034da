"""Views with faults, for comparisons to find."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.recorded_event import Recorded
from projections.tables.view import Folded
from projections.views import deployment_requests

VIEW = deployment_requests.VIEW
STATUS = VIEW.tables[0].c.keys().index("status")


def faulty(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    """The view's own fold, but that it takes a submitted request for one under review."""
    folded = VIEW.fold(state, events)
    wrong = [
        (*row[:STATUS], "UNDER_REVIEW" if row[STATUS] == "SUBMITTED" else row[STATUS], *row[STATUS + 1 :])
        for row in folded.rows[VIEW.tables[0]]
    ]
    return replace(folded, rows={**folded.rows, VIEW.tables[0]: wrong})
