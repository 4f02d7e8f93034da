"""The lifecycle table of an incident: each step, its statuses, permission, conditions and events."""

from domain import authority, number_series, region
from domain.decider import THE_REGISTER, By, Opening, Step
from domain.incident import awaited, commands, correction, evidence, proposed_correction, referral, rules
from domain.incident.correction import ANOTHER
from domain.incident.state import AttributionStatus
from domain.limits import room_for

ATTRIBUTED = AttributionStatus.ATTRIBUTED
INCONCLUSIVE = AttributionStatus.INCONCLUSIVE
ANY = frozenset(AttributionStatus)

OWNER = By(correction.by_owner, correction.an_owner)
CONTRIBUTOR = By(rules.by_contributor, rules.a_contributor)
EITHER_SIDE = By(rules.by_either_side, rules.an_investigator)
EVIDENCE_OWNER = By(evidence.by_recorder_or_investigator, rules.an_investigator)
INVESTIGATOR = By(rules.by_investigator_of_the_place, rules.an_investigator)

OPENINGS = (
    Opening(
        command=commands.ReportIncident,
        permits=authority.by_registered(*commands.CONTRIBUTORS),
        checks=(region.is_known, rules.has_happened, rules.red_has_an_investigator),
        record=commands.report,
        numbered_by=lambda context: number_series.stream_of(commands.series(context)),
    ),
)

STEPS = (
    Step(
        action="CORRECT",
        command=correction.CorrectIncident,
        states=ANY,
        by=OWNER,
        conditions=(room_for(correction.number, "corrections", ANOTHER),),
        checks=(
            correction.differs,
            correction.has_happened,
            correction.region_is_known,
            correction.red_keeps_an_investigator,
        ),
        record=correction.correct,
    ),
    Step(
        action="PROPOSE_CORRECTION",
        command=proposed_correction.ProposeCorrection,
        states=ANY,
        by=proposed_correction.OTHER,
        conditions=(
            proposed_correction.few_are_open,
            room_for(lambda incident: len(incident.corrections), "proposed corrections", ANOTHER),
        ),
        checks=(
            correction.differs,
            correction.has_happened,
            correction.region_is_known,
            correction.red_keeps_an_investigator,
            proposed_correction.is_not_yet_proposed,
        ),
        record=proposed_correction.propose,
    ),
    Step(
        action="SETTLE_CORRECTION",
        command=proposed_correction.SettleCorrection,
        states=ANY,
        by=OWNER,
        conditions=(proposed_correction.is_proposed,),
        demands=(proposed_correction.is_unchanged, proposed_correction.accepted_fits),
        checks=(proposed_correction.is_open, proposed_correction.could_be_corrected),
        record=proposed_correction.settle,
        cause=proposed_correction.proposal_of,
        awaited=awaited.CORRECTION_TO_SETTLE,
    ),
    Step(
        action="RECORD_EVIDENCE",
        command=commands.RecordEvidence,
        states=ANY,
        by=CONTRIBUTOR,
        conditions=(room_for(lambda incident: len(incident.evidence), "pieces of evidence", ANOTHER),),
        checks=(rules.marking_is_as_strict,),
        record=commands.record_evidence,
    ),
    Step(
        action="REGRADE_EVIDENCE",
        command=evidence.RegradeEvidence,
        states=ANY,
        by=EVIDENCE_OWNER,
        conditions=(
            evidence.has_evidence,
            room_for(lambda incident: incident.regraded, "changes of gradings", "withdraw it, and record it again"),
        ),
        permits=(evidence.is_theirs,),
        checks=(evidence.is_known, evidence.grading_differs),
        record=evidence.regrade,
    ),
    Step(
        action="WITHDRAW_EVIDENCE",
        command=evidence.WithdrawEvidence,
        states=ANY,
        by=EVIDENCE_OWNER,
        conditions=(evidence.has_evidence,),
        permits=(evidence.is_theirs,),
        checks=(evidence.is_known,),
        record=evidence.withdraw,
    ),
    Step(
        action="QUESTION_FINDING",
        command=evidence.QuestionFinding,
        states=frozenset({ATTRIBUTED, INCONCLUSIVE}),
        by=THE_REGISTER,
        conditions=(evidence.finding_lost_evidence,),
        record=evidence.question,
        offered=False,
    ),
    Step(
        action="ATTRIBUTE",
        command=commands.AttributeIncident,
        states=ANY,
        leads_to=(ATTRIBUTED, INCONCLUSIVE),
        by=INVESTIGATOR,
        conditions=(room_for(lambda incident: len(incident.findings), "findings and retractions", ANOTHER),),
        checks=(rules.evidence_is_known, rules.change_is_explained),
        record=commands.attribute,
    ),
    Step(
        action="DISSENT",
        command=commands.DissentFromFinding,
        states=frozenset({ATTRIBUTED, INCONCLUSIVE}),
        by=INVESTIGATOR,
        conditions=(
            rules.is_anothers_finding,
            room_for(lambda incident: len(incident.dissents), "dissents", "make a new finding"),
        ),
        checks=(rules.evidence_of_dissent_is_known,),
        record=commands.dissent,
    ),
    Step(
        action="RETRACT",
        command=commands.RetractAttribution,
        states=frozenset({ATTRIBUTED, INCONCLUSIVE}),
        leads_to=(AttributionStatus.OPEN,),
        by=INVESTIGATOR,
        record=commands.retract,
    ),
    Step(
        action="REFER",
        command=referral.ReferIncident,
        states=ANY,
        by=INVESTIGATOR,
        conditions=(rules.is_not_red, room_for(lambda incident: len(incident.referred_to), "referrals", ANOTHER)),
        demands=(referral.is_found_or_awaited, referral.is_not_yet_referred),
        checks=(referral.receiver_is_registered, referral.receiver_is_another, referral.hold_awaits_it),
        record=referral.refer,
        cause=referral.hold_of,
    ),
    Step(
        action="ANSWER_REFERRAL",
        command=referral.AnswerReferral,
        states=ANY,
        by=referral.RECEIVER,
        conditions=(referral.is_unanswered,),
        record=referral.answer,
        awaited=awaited.REFERRAL_TO_ANSWER,
    ),
    Step(
        action="CHANGE_MARKING",
        command=commands.ChangeIncidentMarking,
        states=ANY,
        by=EITHER_SIDE,
        permits=(rules.may_change_marking,),
        demands=(rules.proposal_fits, rules.lowering_is_proposed),
        checks=(rules.marking_changes, rules.red_keeps_an_investigator),
        record=commands.change_marking,
        awaited=awaited.MARKING_TO_LOWER,
        unseen=rules.is_named,
    ),
)

Command = (
    commands.ReportIncident
    | correction.CorrectIncident
    | proposed_correction.ProposeCorrection
    | proposed_correction.SettleCorrection
    | commands.RecordEvidence
    | evidence.RegradeEvidence
    | evidence.WithdrawEvidence
    | evidence.QuestionFinding
    | commands.AttributeIncident
    | commands.DissentFromFinding
    | commands.RetractAttribution
    | referral.ReferIncident
    | referral.AnswerReferral
    | commands.ChangeIncidentMarking
)
