"""The lifecycle table of an incident: each step, its statuses, permission, conditions and events."""

from domain import authority, number_series
from domain.decider import By, Opening, Step
from domain.incident import commands, rules
from domain.incident.state import AttributionStatus
from domain.limits import room_for

ATTRIBUTED = AttributionStatus.ATTRIBUTED
INCONCLUSIVE = AttributionStatus.INCONCLUSIVE
ANOTHER = "report another incident for what follows"
ANY = frozenset(AttributionStatus)

CONTRIBUTOR = By(rules.by_contributor, rules.a_contributor)
INVESTIGATOR = By(rules.by_investigator_of_the_place, rules.an_investigator)

OPENINGS = (
    Opening(
        command=commands.ReportIncident,
        permits=authority.by_registered(*rules.CONTRIBUTORS),
        checks=(rules.has_happened,),
        record=commands.report,
        numbered_by=lambda context: number_series.stream_of(commands.series(context)),
    ),
)

STEPS = (
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
        action="ATTRIBUTE",
        command=commands.AttributeIncident,
        states=ANY,
        leads_to=(ATTRIBUTED, INCONCLUSIVE),
        by=INVESTIGATOR,
        conditions=(room_for(lambda incident: len(incident.findings), "findings and retractions", ANOTHER),),
        checks=(rules.evidence_is_known,),
        record=commands.attribute,
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
        command=commands.ReferIncident,
        states=frozenset({ATTRIBUTED}),
        by=INVESTIGATOR,
        conditions=(rules.is_not_red, room_for(lambda incident: len(incident.referred_to), "referrals", ANOTHER)),
        demands=(rules.is_not_yet_referred,),
        checks=(rules.receiver_is_registered,),
        record=commands.refer,
    ),
)

Command = (
    commands.ReportIncident
    | commands.RecordEvidence
    | commands.AttributeIncident
    | commands.RetractAttribution
    | commands.ReferIncident
)
