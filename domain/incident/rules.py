"""Permissions, conditions and input checks of incidents.

The first line of a rule's docstring appears in docs/lifecycle.md.
"""

from datetime import UTC, datetime, timedelta

from domain import authority, jurisdiction, markings, visibility
from domain.decider import Context, Verdict
from domain.incident.commands import (
    CONTRIBUTORS,
    AttributeIncident,
    ChangeIncidentMarking,
    DissentFromFinding,
    RecordEvidence,
    ReportIncident,
    marking_sides,
)
from domain.incident.state import Incident
from domain.incident.visibility import viewer_of
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import REGISTER, Actor, EvidenceId, Marking, Region, Role, Subject, format_time

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
CLOCKS = timedelta(minutes=5)
"""How far the reporter's clock may be ahead."""


def by_contributor(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    return tuple(permit(context) for permit in authority.by_registered(*CONTRIBUTORS))


def a_contributor(incident: Incident, context: Context) -> Actor:
    return Actor(issuer="", subject=Subject(""), authority=incident.reported_by.authority, roles=CONTRIBUTORS)


def by_investigator_of_the_place(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    mandate = jurisdiction.deciding_mandate(context, incident.region)
    actor = context.actor
    whose = f"{mandate.authority}, whose mandate covers" if mandate else "an authority whose mandate covers"
    missing = "" if mandate else ", and none covers it: an administrator can grant one"
    return (
        Verdict(
            rule="INVESTIGATOR",
            met=mandate is not None and actor.authority == mandate.authority and Role.INVESTIGATOR in actor.roles,
            description=f"This takes an investigator of {whose} {incident.region}{missing}.",
            rests_on=(mandate.granted_at,) if mandate else (),
        ),
    )


def an_investigator(incident: Incident, context: Context) -> Actor:
    """Of the authority whose mandate covers the place now. Without a mandate, nobody has the permission."""
    mandate = jurisdiction.deciding_mandate(context, incident.region)
    code = mandate.authority if mandate else REGISTER
    return Actor(issuer="", subject=Subject(""), authority=code, roles=(Role.INVESTIGATOR,))


def is_not_red(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """It is not marked RED, which is for named persons only."""
    return (
        Verdict(
            rule="MARKING",
            met=incident.marking is not Marking.RED,
            description="An incident marked RED is for named persons only, and cannot be referred: "
            f"this one is marked {incident.marking}.",
            rests_on=(incident.marked_at or incident.position,),
        ),
    )


def by_either_side(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    sides = marking_sides(incident, context)
    return (markings.takes_part(sides, f"{sides.raiser}, {sides.proposer}, or {sides.approver}"),)


def is_named(command: ChangeIncidentMarking, incident: Incident, context: Context) -> bool:
    """Whether the actor accepts a proposal that names them, without seeing the incident."""
    named = markings.names_the_actor(command, incident, incident.reported_by, context.actor)
    return named and marking_sides(incident, context).accepts


def may_change_marking(command: ChangeIncidentMarking, incident: Incident, context: Context) -> Verdict:
    """An investigator raises a marking. Lowering it takes the reporting side, which proposes it, and an approver."""
    return markings.permitted(command, incident, marking_sides(incident, context))


def proposal_fits(command: ChangeIncidentMarking, incident: Incident, context: Context) -> Verdict:
    """A proposal is one of at most 1,000, and the incident has less than 100 MB of text."""
    return markings.has_room(command, incident, context, marking_sides(incident, context))


def lowering_is_proposed(command: ChangeIncidentMarking, incident: Incident, context: Context) -> Verdict:
    """An approver lowers a marking to what somebody else of the reporting side proposes."""
    return markings.accepted(command, incident, context.actor, marking_sides(incident, context))


def marking_changes(command: ChangeIncidentMarking, incident: Incident, context: Context) -> Problems:
    """The marking or the recipients change; only what is marked RED has recipients. Nobody repeats their proposal."""
    yield from markings.changes_something(command, incident)
    yield from markings.is_not_yet_proposed(command, incident, context.actor)


def red_has_an_investigator(command: ReportIncident, incident: Incident | None, context: Context) -> Problems:
    """A RED incident has a recipient other than its reporter, unless the reporter is an investigator of the place."""
    marked = command.marking, command.recipients
    yield from lacks_investigator(*marked, context.actor, command.region, (), context)


def red_keeps_an_investigator(command: ChangeIncidentMarking, incident: Incident, context: Context) -> Problems:
    """A RED incident has a recipient as in its report. Whoever raises it to RED is not enough as its recipient."""
    marked, raiser = markings.target(command, incident), markings.raiser_to_red(incident, context.actor)
    yield from lacks_investigator(*marked, incident.reported_by, incident.region, raiser, context)


def lacks_investigator(
    marking: Marking,
    recipients: tuple[Subject, ...],
    reporter: Actor,
    region: Region,
    raiser: tuple[tuple[str, Subject], ...],
    context: Context,
) -> Problems:
    mandate = jurisdiction.deciding_mandate(context, region)
    if mandate is None or (reporter.authority == mandate.authority and Role.INVESTIGATOR in reporter.roles):
        return
    persons = (visibility.recipient(each, reporter.issuer) for each in recipients)
    whom = f"an investigator of {mandate.authority} as recipient"
    yield from markings.lacks_decider(marking, persons, (*reporter.persons, *raiser), whom)


def has_happened(command: ReportIncident, incident: Incident | None, context: Context) -> Problems:
    """The incident has happened, give or take five minutes of clock difference, and not before 1900."""
    yield from happened(command.occurred_at, context)


def happened(occurred_at: datetime, context: Context) -> Problems:
    if occurred_at < EARLIEST:
        yield FieldProblem(path="occurredAt", message=f"It must not lie before {format_time(EARLIEST)}.")
    if occurred_at > context.now + CLOCKS:
        yield FieldProblem(
            path="occurredAt",
            message=f"It lies in the future: it is {format_time(context.now)} now. Report what has happened.",
        )


def marking_is_as_strict(command: RecordEvidence, incident: Incident, context: Context) -> Problems:
    """Evidence is marked at least as strictly as its incident."""
    if command.marking is not None and command.marking.strictness < incident.marking.strictness:
        yield FieldProblem(
            path="marking",
            message=f"Mark evidence at least as strictly as its incident, which is {incident.marking}.",
        )


def evidence_is_known(command: AttributeIncident, incident: Incident, context: Context) -> Problems:
    """The evidence belongs to the incident, the actor may see it, and it is not withdrawn; so for each alternative."""
    yield from _usable(command.evidence, "evidence", incident, context)
    for number, alternative in enumerate(command.alternatives):
        yield from _usable(alternative.evidence, f"alternatives.{number}.evidence", incident, context)


def evidence_of_dissent_is_known(command: DissentFromFinding, incident: Incident, context: Context) -> Problems:
    """The evidence belongs to the incident, the actor may see it, and it is not withdrawn."""
    yield from _usable(command.finding.evidence, "finding.evidence", incident, context)


def _usable(wanted: tuple[EvidenceId, ...], path: str, incident: Incident, context: Context) -> Problems:
    actor = viewer_of(context, incident)
    seen = {piece.id: piece for piece in incident.evidence if actor.sees(incident.audience_of(piece))}
    unknown = [str(piece) for piece in wanted if piece not in seen]
    if unknown:
        message = f"This incident has no such evidence that you may see: {', '.join(unknown)}."
        yield FieldProblem(path=path, message=message)
    withdrawn = [str(each) for each in wanted if each in seen and seen[each].withdrawn]
    if withdrawn:
        yield FieldProblem(path=path, message=f"This evidence is withdrawn: {', '.join(withdrawn)}.")


def change_is_explained(command: AttributeIncident, incident: Incident, context: Context) -> Problems:
    """A finding that replaces another states what changed, and why."""
    if incident.attribution is not None and command.changed_because is None:
        message = "A finding stands, which this one replaces: state what changed, and why."
        yield FieldProblem(path="changedBecause", message=message)


def is_anothers_finding(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """Another investigator made the finding that stands."""
    finding = incident.attribution
    own = finding is not None and finding.found_by.shares_a_person(context.actor)
    return (
        Verdict(
            rule="OWN_FINDING",
            met=not own,
            description="The finding that stands is your own: replace or retract it."
            if own
            else "Another investigator made the finding that stands.",
            rests_on=(finding.position,) if finding else (),
        ),
    )
