"""Who lives through a request, and what they may try."""

from typing import Any

from hypothesis import strategies as st

from domain.deployment_request import commands as c
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import RequestStatus
from domain.incident import commands as i
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    ConditionId,
    Likelihood,
    Role,
    Strength,
    Text,
)
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    KFOR,
    NOWHERE,
    WHY,
    approver,
    auditor,
    colleague,
    investigator,
    person,
    requester,
    reviewer,
    second_reviewer,
)
from tests.specification import NOW

both = person("both", KFOR, Role.REVIEWER, Role.APPROVER)
turncoat = Actor(issuer="mandate", subject=colleague.subject, authority=KFOR, roles=(Role.REVIEWER, Role.APPROVER))
"""The colleague who asks, acting for those who decide."""
REQUESTERS = (requester, colleague)
REVIEWERS = (reviewer, second_reviewer, both, turncoat)
APPROVERS = (approver, both, turncoat)
EVERYBODY = (requester, colleague, reviewer, second_reviewer, both, turncoat, approver, investigator, auditor)
INCIDENTS = (CANAL, BRIDGE)
S, U, W, A = list(RequestStatus)[:4]

requesters, reviewers, approvers = st.sampled_from(REQUESTERS), st.sampled_from(REVIEWERS), st.sampled_from(APPROVERS)
incidents = st.sampled_from(INCIDENTS)
SOME = [(CANAL,), (BRIDGE,), (BRIDGE, CANAL)]
bands, grades = st.sampled_from(list(Likelihood)[3:6]), st.sampled_from(AnalyticConfidence)
parties = st.sampled_from([None, Text("EXERCISE: the Red party"), Text("EXERCISE: the Blue party")])
recommendations = st.sampled_from([Recommendation.APPROVE, Recommendation.APPROVE, Recommendation.DENY])
findings = st.builds(
    i.AttributeIncident, responsible_party=parties, likelihood=bands, confidence=grades, basis=st.just(WHY)
)
RETRACT = i.RetractAttribution(reason=WHY)
SUFFICES = i.AttributeIncident(
    responsible_party=Text("EXERCISE: the Red party"),
    likelihood=Likelihood.ALMOST_CERTAIN,
    confidence=AnalyticConfidence.HIGH,
    basis=WHY,
)
UNTOLD = i.AttributeIncident(likelihood=Likelihood.ALMOST_CERTAIN, confidence=AnalyticConfidence.HIGH, basis=WHY)
holds = st.builds(
    c.WithholdRequest,
    reason=st.just(WHY),
    awaiting=st.sampled_from(SOME),
    minimum_likelihood=bands,
    minimum_confidence=grades,
    review_by=st.sampled_from([None, NOW + DAY]),
)
TRIED: dict[str, tuple[Any, ...]] = {
    "AMEND": (c.AmendRequest(strength=Strength(9), reason=WHY), c.AmendRequest(incidents=(), reason=WHY)),
    "WITHDRAW": (c.WithdrawRequest(reason=WHY),),
    "BEGIN_REVIEW": (c.BeginReview(reason=WHY),),
    "WITHHOLD": (c.WithholdRequest(reason=WHY, awaiting=INCIDENTS),),
    "RESUME_REVIEW": (c.ResumeReview(reason=WHY),),
    "ENDORSE": (c.EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY),),
    "RECUSE": (c.RecuseReviewer(reason=WHY),),
    "APPROVE": (c.ApproveRequest(reason=WHY), c.ApproveRequest(reason=WHY, strength=Strength(10**6))),
    "DENY": (c.DenyRequest(reason=WHY),),
    "CONFIRM": (c.ConfirmApproval(reason=WHY),),
    "REVOKE": (c.RevokeApproval(reason=WHY),),
    "REPORT_FULFILMENT": (c.ReportFulfilment(condition=ConditionId(NOWHERE), report=WHY),),
    "REMARK": (c.RemarkOnRequest(reason=WHY),),
}
RARELY = (c.AmendRequest, c.WithdrawRequest, c.DenyRequest, c.RevokeApproval, c.RecuseReviewer)
