"""Every event of a request and of an incident, for laws of any history."""

from dataclasses import replace

from domain.deployment_request import events, hearing_events
from domain.deployment_request.events import Recommendation
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.incident import events as incident_events
from domain.vocabulary import (
    SYSTEM,
    AnalyticConfidence,
    AuthorityCode,
    InformationCredibility,
    Likelihood,
    Marking,
    Quorum,
    Region,
    Role,
    SourceReliability,
)
from tests.domain.case import (
    CONDITION,
    CORRECTION,
    DAY,
    EVIDENCE,
    KFOR,
    PERIOD,
    PLACE,
    WHY,
    amendment,
    approval,
    approver,
    begun,
    condition,
    denial,
    endorsement,
    evidence,
    expiry,
    finding,
    investigator,
    person,
    questioned,
    recusal,
    remark,
    requester,
    resumed,
    retraction,
    reviewer,
    revocation,
    withdrawal,
    withheld,
)
from tests.specification import NOW, Past

confirmed = Past(event=events.ApprovalConfirmed(reason=WHY), by=approver)
changed = Past(
    event=events.EndorsementChanged(recommendation=events.Recommendation.DENY, reason=WHY, revision=1), by=reviewer
)
assigned = Past(event=events.RequestAssigned(subject=reviewer.subject, reason=WHY), by=approver)
fulfilled = Past(event=events.FulfilmentReported(condition=CONDITION, report=WHY), by=requester)
accepted = Past(event=events.FulfilmentAccepted(condition=CONDITION, reason=WHY), by=approver)
sent_back = Past(event=events.FulfilmentSentBack(condition=CONDITION, reason=WHY), by=approver)
referral = Past(event=incident_events.IncidentReferred(authority=AuthorityCode("third"), reason=WHY), by=reviewer)
answered = Past(
    event=incident_events.ReferralAnswered(answer=WHY), by=person("theirs", AuthorityCode("third"), Role.INVESTIGATOR)
)

corrected = Past(
    event=incident_events.IncidentCorrected(region=Region("xk/south"), covered_by=(KFOR,), reason=WHY), by=requester
)
proposed = Past(
    event=incident_events.CorrectionProposed(
        correction=CORRECTION,
        values=incident_events.Particulars(region=Region("xk/south")),
        before=incident_events.Particulars(region=PLACE),
        reason=WHY,
    ),
    by=reviewer,
)
accepted_correction = replace(corrected, event=replace(corrected.event, correction=CORRECTION))
discarded = Past(event=incident_events.CorrectionDiscarded(correction=CORRECTION, reason=WHY), by=investigator)
regraded = Past(
    event=incident_events.EvidenceRegraded(
        evidence=EVIDENCE,
        source_reliability=SourceReliability.A,
        information_credibility=InformationCredibility.ONE,
        reason=WHY,
    ),
    by=investigator,
)
withdrawn = Past(event=incident_events.EvidenceWithdrawn(evidence=EVIDENCE, reason=WHY), by=investigator)
dissent = Past(
    event=incident_events.FindingDissented(
        finding=incident_events.Alternative(
            likelihood=Likelihood.LIKELY, confidence=AnalyticConfidence.HIGH, basis=WHY, evidence=(EVIDENCE,)
        ),
        reason=WHY,
    ),
    by=investigator,
)
to_be_reaffirmed = Past(event=incident_events.FindingQuestioned(reason=WHY), by=SYSTEM)

marked = tuple(
    Past(event=kind(marking=marking, reason=WHY), by=approver)
    for kind in (events.RequestMarkingProposed, events.RequestMarkingChanged)
    for marking in (Marking.GREEN, Marking.RED)
)

notice = Past(event=hearing_events.NoticeGiven(reason=WHY, until=NOW + DAY), by=approver)
statement = Past(event=hearing_events.StatementMade(statement=WHY), by=requester)
succeeded = Past(event=SuccessorNamed(successor=AuthorityCode("third"), reason=WHY), by=SYSTEM)
taken_over = Past(
    event=RequestTakenOver(deciding_authority=AuthorityCode("third"), endorsements_required=Quorum(2), reason=WHY),
    by=approver,
)
UNDECIDED = (
    amendment,
    withdrawal,
    begun,
    withheld(),
    resumed(),
    endorsement(),
    changed,
    recusal,
    assigned,
    remark,
    denial,
    notice,
    statement,
    succeeded,
    taken_over,
    *marked,
)
asked = Past(event=events.ExtensionAsked(until=PERIOD.end + DAY, reason=WHY), by=requester)
endorsed_extension = Past(
    event=events.ExtensionEndorsed(recommendation=Recommendation.APPROVE, reason=WHY, revision=1), by=reviewer
)
extended = Past(event=events.ExtensionGranted(until=PERIOD.end + DAY, reason=WHY), by=approver)
refused = Past(event=events.ExtensionRefused(reason=WHY), by=approver)
DECIDED = (
    approval(conditions=(condition,)),
    questioned,
    confirmed,
    asked,
    endorsed_extension,
    extended,
    refused,
    revocation,
    expiry,
    fulfilled,
    accepted,
    sent_back,
    remark,
)
OF_INCIDENTS = (
    evidence(),
    finding(),
    finding(party=None),
    retraction(),
    referral,
    answered,
    corrected,
    proposed,
    accepted_correction,
    discarded,
    regraded,
    withdrawn,
    dissent,
    to_be_reaffirmed,
    *(
        Past(event=kind(marking=marking, reason=WHY), by=investigator)
        for kind in (incident_events.IncidentMarkingProposed, incident_events.IncidentMarkingChanged)
        for marking in (Marking.GREEN, Marking.RED)
    ),
)
