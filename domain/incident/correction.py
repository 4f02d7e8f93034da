"""The correction of an incident by its author or an investigator: the command, and what it is checked against."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain import jurisdiction, region
from domain.decider import Context, Verdict
from domain.incident import rules
from domain.incident.events import Event, IncidentCorrected, Particulars
from domain.incident.state import Incident
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, AuthorityCode, Label, Location, Region, Text, camel

PARTICULARS: Final = ("kind", "description", "region", "location", "occurred_at")
"""What can be corrected."""
ANOTHER: Final = "report another incident for what follows"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectIncident:
    """None: as it is."""

    kind: Label | None = None
    description: Text | None = None
    region: Region | None = None
    location: Location | None = None
    occurred_at: datetime | None = None
    reason: Text

    def problems(self) -> Problems:
        if not given(self):
            yield FieldProblem(
                path="kind",
                message="Name at least one of kind, description, region, location and occurredAt to correct.",
            )


def number(incident: Incident) -> int:
    """How many times it was corrected."""
    return incident.corrected


def given(values: CorrectIncident | Particulars) -> dict[str, Any]:
    """What is named, by field."""
    found = ((name, getattr(values, name)) for name in PARTICULARS)
    return {name: value for name, value in found if value is not None}


def correct(command: CorrectIncident, incident: Incident, context: Context) -> tuple[Event, ...]:
    covering = covered_by(command.region, incident, context)
    return (IncidentCorrected(**given(command), covered_by=covering, reason=command.reason),)


def covered_by(place: Region | None, incident: Incident, context: Context) -> tuple[AuthorityCode, ...]:
    """The authorities whose mandates cover the new place, then those of the old one: nobody loses sight of it.

    None if it stays where it was.
    """
    if place is None:
        return ()
    mandates = (
        *jurisdiction.mandates_over(context, place),
        *jurisdiction.mandates_over(context, incident.region),
    )
    return tuple(dict.fromkeys(mandate.authority for mandate in mandates))


def by_owner(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    actor, author = context.actor, incident.reported_by
    is_author = actor.authority == author.authority and author.person in actor.persons
    [investigates] = rules.by_investigator_of_the_place(incident, context)
    mandate = jurisdiction.deciding_mandate(context, incident.region)
    whose = f"{mandate.authority}, whose mandate covers" if mandate else "an authority whose mandate covers"
    return (
        Verdict(
            rule="OWNER",
            met=is_author or investigates.met,
            description=f"This takes the person who reported it, or an investigator of {whose} {incident.region}.",
            rests_on=(incident.position, *investigates.rests_on),
        ),
    )


def an_owner(incident: Incident, context: Context) -> Actor:
    return incident.reported_by


def differs(command: CorrectIncident, incident: Incident, context: Context) -> Problems:
    """Each value is another one than the present one."""
    for name, value in given(command).items():
        if value == getattr(incident, name):
            yield FieldProblem(path=camel(name), message="It is recorded so already: leave it out, or give another.")


def has_happened(command: CorrectIncident, incident: Incident, context: Context) -> Problems:
    """A corrected time is in the past, as for a report."""
    if command.occurred_at is not None:
        yield from rules.happened(command.occurred_at, context)


def region_is_known(command: CorrectIncident, incident: Incident, context: Context) -> Problems:
    """A corrected region is registered, as for a report."""
    if command.region is not None:
        yield from region.is_known_region(command.region, context)


def red_keeps_an_investigator(command: CorrectIncident, incident: Incident, context: Context) -> Problems:
    """A RED incident has a recipient as in its report, also at a corrected place."""
    if command.region is None:
        return
    marked = incident.marking, incident.recipients
    for problem in rules.lacks_investigator(*marked, incident.reported_by, command.region, (), context):
        yield FieldProblem(path="region", message=problem.message)
