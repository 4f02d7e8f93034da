"""The domain's enumerations, as the API shows them."""

import strawberry

from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import DecisionOutcome, RequestStatus, Standing
from domain.incident.state import AttributionStatus
from domain.vocabulary import (
    AnalyticConfidence,
    InformationCredibility,
    Likelihood,
    Marking,
    Role,
    SourceReliability,
)
from projections.request_lists import RequestOrder

strawberry.enum(Role, description="What a person may do for the authority that they act for.")
strawberry.enum(
    AttributionStatus,
    description="OPEN: no finding stands. INCONCLUSIVE: the finding is that it cannot be told who is responsible.",
)
strawberry.enum(Likelihood, description="Likelihood bands of ICD 203, from 1-5 % to 95-99 %.")
strawberry.enum(
    AnalyticConfidence,
    description="How sound the basis of a finding is: never merged with its likelihood (ICD 203).",
)
strawberry.enum(
    SourceReliability,
    description="Reliability of a source, NATO grading A to F (AJP-2.1). F: it cannot be judged.",
)
strawberry.enum(
    InformationCredibility,
    description="Credibility of one piece of information, NATO grading 1 to 6 (AJP-2.1). SIX: it cannot be judged.",
)
strawberry.enum(
    Marking,
    description=(
        "Who may see it: rules of this register, named after the Traffic Light Protocol 2.0. CLEAR: everybody with a "
        "token. GREEN: whoever acts for a registered authority. AMBER: the authorities that have a part in it, and "
        "auditors. AMBER_STRICT: those that decide, the author, and auditors. RED: the author (the person who "
        "reported, submitted or recorded it) and the named recipients alone, who are subjects of persons of the same "
        "issuer; RED evidence: its author and the incident's recipients. Recipients with another marking are refused."
    ),
)
strawberry.enum(
    RequestStatus, description="Where a request is. WITHHELD_PENDING_ATTRIBUTION: until findings suffice; see its hold."
)
strawberry.enum(Recommendation, description="What a reviewer recommends to the approver.")
strawberry.enum(DecisionOutcome, description="What was decided.")
strawberry.enum(
    Standing,
    description=(
        "Whether what an approval rested on still holds. QUESTIONED: a finding fell; somebody is to confirm or to "
        "revoke it."
    ),
)
strawberry.enum(RequestOrder, name="DeploymentRequestOrder", description="The order of a list of requests.")
