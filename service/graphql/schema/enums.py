"""The domain's enumerations, as the API shows them."""

import strawberry

from domain.deployment_request.decision import ConditionState, DecisionOutcome, Standing
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import RequestStatus
from domain.incident.state import AttributionStatus
from domain.vocabulary import (
    AnalyticConfidence,
    InformationCredibility,
    Likelihood,
    Marking,
    Role,
    SourceReliability,
)
from projections.views.request_list_filter import RequestOrder

strawberry.enum(Role, description="What a person may do for the authority that they act for.")
strawberry.enum(
    AttributionStatus,
    description=(
        "OPEN: there is no finding. INCONCLUSIVE: the finding is that the responsible party cannot be determined."
    ),
)
strawberry.enum(Likelihood, description="Likelihood bands of ICD 203, from 1-5 % to 95-99 %.")
strawberry.enum(
    AnalyticConfidence,
    description="How sound the basis of a finding is; never combined with its likelihood (ICD 203).",
)
strawberry.enum(
    SourceReliability,
    description="Reliability of a source, NATO grading A to F (AJP-2.1). F: cannot be judged.",
)
strawberry.enum(
    InformationCredibility,
    description="Credibility of one piece of information, NATO grading 1 to 6 (AJP-2.1). SIX: cannot be judged.",
)
strawberry.enum(
    Marking,
    description=(
        "Who may see it: rules of this register, named after the Traffic Light Protocol 2.0. CLEAR: everybody "
        "with a token. GREEN: actors of a registered authority. AMBER: the authorities involved. "
        "AMBER_STRICT: the deciding authorities, the author, and auditors of the other authorities involved. "
        "Auditing authorities see all of these. RED: only the author (the person who reported, submitted or "
        "recorded it) and the named recipients, given as subjects of the same issuer or as "
        "'person:ISSUER|SUBJECT' (with %7C for '|' and %25 for '%' in the issuer); RED evidence: its author and "
        "the incident's recipients. Recipients with another "
        "marking are refused."
    ),
)
strawberry.enum(
    RequestStatus,
    description="Lifecycle status of a request. WITHHELD_PENDING_ATTRIBUTION: until findings suffice; see its hold.",
)
strawberry.enum(Recommendation, description="What a reviewer recommends to the approver.")
strawberry.enum(
    ConditionState,
    description="How far the fulfilment of a condition is. The deciding authority accepts its report or sends it back.",
)
strawberry.enum(DecisionOutcome, description="What was decided.")
strawberry.enum(
    Standing,
    description=(
        "Whether the findings behind an approval still hold. QUESTIONED: a finding no longer holds; "
        "the approval must be confirmed or revoked."
    ),
)
strawberry.enum(RequestOrder, name="DeploymentRequestOrder", description="The order of a list of requests.")
