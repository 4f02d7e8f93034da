"""The findings that the hold of a request awaits: what the inboxes of investigators store and find."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.deployment_request.state import DeploymentRequest
from domain.vocabulary import IncidentId, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedFinding:
    """A finding on an incident that the hold of a request awaits, from an investigator of the place."""

    incident: IncidentId
    since: datetime
    due: datetime | None
    threshold: Threshold
    why: str


def awaited_findings(request: DeploymentRequest) -> Iterator[AwaitedFinding]:
    """By its hold, whether or not there is such a finding already."""
    if (hold := request.hold) is None:
        return
    for incident in dict.fromkeys(hold.awaiting):
        yield AwaitedFinding(
            incident=incident,
            since=hold.held_since,
            due=hold.review_by,
            threshold=hold.threshold,
            why="The review of a request is withheld until a finding on it suffices.",
        )
