"""Permissions, conditions and input checks of incidents.

The first line of a rule's docstring appears in docs/lifecycle.md.
"""

from datetime import UTC, datetime, timedelta

from domain import authority, jurisdiction
from domain.decider import Context, Verdict
from domain.incident.commands import AttributeIncident, RecordEvidence, ReferIncident, ReportIncident
from domain.incident.state import Incident
from domain.incident.visibility import viewer_of
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import REGISTER, Actor, Marking, Role, Subject, format_time

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
CLOCKS = timedelta(minutes=5)
"""How far the reporter's clock may be ahead."""

CONTRIBUTORS = (Role.REQUESTER, Role.REVIEWER, Role.INVESTIGATOR)


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
            rests_on=(incident.position,),
        ),
    )


def is_not_yet_referred(command: ReferIncident, incident: Incident, context: Context) -> Verdict:
    """An incident is referred to each authority once."""
    return Verdict(
        rule="REFERRED_ONCE",
        met=command.authority not in incident.referred_to,
        description=f"It has already been referred to {command.authority}.",
    )


def receiver_is_registered(command: ReferIncident, incident: Incident, context: Context) -> Problems:
    """The receiving authority is registered."""
    if authority.find(context, command.authority) is None:
        yield FieldProblem(path="authority", message=f"No authority '{command.authority}' is registered.")


def has_happened(command: ReportIncident, incident: Incident | None, context: Context) -> Problems:
    """The incident has happened, give or take five minutes of clock difference, and not before 1900."""
    if command.occurred_at < EARLIEST:
        yield FieldProblem(path="occurredAt", message=f"It must not lie before {format_time(EARLIEST)}.")
    if command.occurred_at > context.now + CLOCKS:
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
    """The evidence belongs to the incident, and the actor may see it."""
    actor = viewer_of(context, incident)
    seen = {piece.id for piece in incident.evidence if actor.sees(incident.audience_of(piece))}
    unknown = [str(piece) for piece in command.evidence if piece not in seen]
    if unknown:
        yield FieldProblem(
            path="evidence", message=f"This incident has no such evidence that you may see: {', '.join(unknown)}."
        )
