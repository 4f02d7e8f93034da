"""States with items."""

from uuid import UUID

from domain.incident.events import EvidenceRecorded
from domain.vocabulary import EvidenceId, InformationCredibility, Marking, SourceReliability, Text
from projections.views import audit_trail, authorities, deployment_requests, incidents, situation

VIEWS = (deployment_requests.VIEW, incidents.VIEW, authorities.VIEW, audit_trail.VIEW, situation.VIEW)
LONG = Text("Ünïcødé " * 500)


def piece(number: int, summary: Text = LONG) -> EvidenceRecorded:
    return EvidenceRecorded(
        evidence=EvidenceId(UUID(int=number + 1)),
        summary=summary,
        marking=Marking.CLEAR,
        source_reliability=SourceReliability.A,
        information_credibility=InformationCredibility.ONE,
    )
