"""Who lives through a request, and what they may try."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from domain.deployment_request import commands as c
from domain.deployment_request.assignment import AssignRequest
from domain.deployment_request.changed_endorsement import ChangeEndorsement
from domain.deployment_request.events import Recommendation
from domain.deployment_request.extension import AskExtension, EndorseExtension, GrantExtension, RefuseExtension
from domain.deployment_request.fulfilment import AcceptFulfilment, SendBackFulfilment
from domain.deployment_request.hearing import GiveNotice, MakeStatement
from domain.deployment_request.state import RequestStatus
from domain.deployment_request.succession import TakeOverRequest
from domain.deputies import DeputyAppointed
from domain.incident import commands as i
from domain.incident.correction import CorrectIncident
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    ConditionId,
    InformationCredibility,
    Label,
    Likelihood,
    Role,
    SourceReliability,
    Strength,
    Text,
)
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    KFOR,
    NOWHERE,
    PERIOD,
    THIRD,
    WHY,
    admin,
    approver,
    auditor,
    colleague,
    investigator,
    person,
    requester,
    reviewer,
    second_reviewer,
)
from tests.specification import NOW, Past

both = person("both", KFOR, Role.REVIEWER, Role.APPROVER)
turncoat = Actor(issuer="mandate", subject=colleague.subject, authority=KFOR, roles=(Role.REVIEWER, Role.APPROVER))
"""The colleague who asks, acting for those who decide."""
taker = person("taker", THIRD, Role.REVIEWER, Role.APPROVER)
"""Of the authority that decides when the mandate of the deciding one has ended."""
DEPUTIES = tuple(
    replace(deputy, on_behalf_of=principal.person)
    for deputy, principal in (
        (colleague, requester),
        (second_reviewer, reviewer),
        (both, reviewer),
        (both, approver),
        (turncoat, both),
        (both, turncoat),
    )
)
"""Each on behalf of another: of the requesting side, of those who decide, and for whoever asks."""
APPOINTED = tuple(
    Past(
        event=DeputyAppointed(
            authority=each.authority,
            principal_issuer=Label(each.issuer),
            principal=(each.on_behalf_of or each.person)[1],
            deputy_issuer=Label(each.issuer),
            deputy=each.subject,
            roles=each.roles,
            valid_from=NOW - 300 * DAY,
            valid_until=NOW + 9000 * DAY,
            reason=WHY,
        ),
        by=admin,
    )
    for each in DEPUTIES
)
REQUESTERS = (requester, colleague, DEPUTIES[0])
REVIEWERS = (reviewer, second_reviewer, both, turncoat, DEPUTIES[1], DEPUTIES[2])
APPROVERS = (approver, both, turncoat, DEPUTIES[3], DEPUTIES[4])
EVERYBODY = (
    *(requester, colleague, reviewer, second_reviewer, both, turncoat, approver, investigator, auditor, taker),
    *DEPUTIES,
)
INCIDENTS = (CANAL, BRIDGE)
S, U, W, A = list(RequestStatus)[:4]

requesters, reviewers, approvers = st.sampled_from(REQUESTERS), st.sampled_from(REVIEWERS), st.sampled_from(APPROVERS)
incidents = st.sampled_from(INCIDENTS)
SOME = [(CANAL,), (BRIDGE,), (BRIDGE, CANAL)]
bands, grades = st.sampled_from(list(Likelihood)[3:6]), st.sampled_from(AnalyticConfidence)
parties = st.sampled_from([None, Text("EXERCISE: the Red party"), Text("EXERCISE: the Blue party")])
recommendations = st.sampled_from([Recommendation.APPROVE, Recommendation.APPROVE, Recommendation.DENY])
findings = st.builds(
    i.AttributeIncident,
    responsible_party=parties,
    likelihood=bands,
    confidence=grades,
    basis=st.just(WHY),
    changed_because=st.just(WHY),
)
RECORD = i.RecordEvidence(
    summary=WHY, source_reliability=SourceReliability.B, information_credibility=InformationCredibility.TWO
)
CORRECT = CorrectIncident(description=Text("EXERCISE: corrected."), reason=WHY)
RETRACT = i.RetractAttribution(reason=WHY)
SUFFICES = i.AttributeIncident(
    responsible_party=Text("EXERCISE: the Red party"),
    likelihood=Likelihood.ALMOST_CERTAIN,
    confidence=AnalyticConfidence.HIGH,
    basis=WHY,
    changed_because=WHY,
)
UNTOLD = i.AttributeIncident(
    likelihood=Likelihood.ALMOST_CERTAIN, confidence=AnalyticConfidence.HIGH, basis=WHY, changed_because=WHY
)
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
    "CHANGE_ENDORSEMENT": (
        ChangeEndorsement(recommendation=Recommendation.DENY, reason=WHY),
        ChangeEndorsement(recommendation=Recommendation.APPROVE, reason=WHY),
    ),
    "RECUSE": (c.RecuseReviewer(reason=WHY),),
    "ASSIGN": (
        AssignRequest(subject=reviewer.subject, reason=WHY),
        AssignRequest(subject=requester.subject, reason=WHY),
        AssignRequest(reason=WHY),
    ),
    "APPROVE": (c.ApproveRequest(reason=WHY), c.ApproveRequest(reason=WHY, strength=Strength(10**6))),
    "DENY": (c.DenyRequest(reason=WHY), c.DenyRequest(reason=WHY, urgency=WHY)),
    "TAKE_OVER": (TakeOverRequest(reason=WHY),),
    "CONFIRM": (c.ConfirmApproval(reason=WHY),),
    "REVOKE": (c.RevokeApproval(reason=WHY), c.RevokeApproval(reason=WHY, urgency=WHY)),
    "GIVE_NOTICE": (GiveNotice(grounds=WHY, until=NOW + 30 * DAY), GiveNotice(grounds=WHY, until=NOW)),
    "MAKE_STATEMENT": (MakeStatement(statement=WHY),),
    "ASK_EXTENSION": (AskExtension(until=PERIOD.end + DAY, reason=WHY), AskExtension(until=NOW, reason=WHY)),
    "ENDORSE_EXTENSION": (EndorseExtension(recommendation=Recommendation.APPROVE, reason=WHY),),
    "GRANT_EXTENSION": (GrantExtension(reason=WHY),),
    "REFUSE_EXTENSION": (RefuseExtension(reason=WHY),),
    "REPORT_FULFILMENT": (c.ReportFulfilment(condition=ConditionId(NOWHERE), report=WHY),),
    "ACCEPT_FULFILMENT": (AcceptFulfilment(condition=ConditionId(NOWHERE), reason=WHY),),
    "SEND_BACK_FULFILMENT": (SendBackFulfilment(condition=ConditionId(NOWHERE), reason=WHY),),
    "REMARK": (c.RemarkOnRequest(reason=WHY),),
}
RARELY = (c.AmendRequest, c.WithdrawRequest, c.DenyRequest, c.RevokeApproval, c.RecuseReviewer, RefuseExtension)
