"""When a step of an incident waits for somebody, and why: parts of the lifecycle table."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.decider import Awaited, By, Context, Verdict
from domain.incident import rules
from domain.incident.commands import marking_sides
from domain.incident.state import Incident
from domain.vocabulary import Actor, Role


def _an_approver(incident: Incident, context: Context) -> Actor:
    return replace(rules.an_investigator(incident, context), roles=(Role.APPROVER,))


def _proposed_since(incident: Incident) -> datetime | None:
    return min((each.proposed_at for each in incident.open_corrections), default=None)


def _by_accepting_approver(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    sides, proposal = marking_sides(incident, context), incident.proposal
    met = sides.accepts and proposal is not None and not proposal.is_by(context.actor)
    return (Verdict(rule="ROLE", met=met, description=f"This takes {sides.approver}, other than the proposer."),)


CORRECTION_TO_SETTLE: Final[Awaited[Incident]] = Awaited(
    since=_proposed_since,
    due=lambda incident: None,
    why=lambda incident: f"Proposed corrections to accept or to discard: {len(incident.open_corrections)}.",
)
MARKING_TO_LOWER: Final[Awaited[Incident]] = Awaited(
    since=lambda incident: incident.proposal.at if incident.proposal else None,
    due=lambda incident: None,
    why=lambda incident: (
        f"{incident.reported_by.authority} proposes another marking or more recipients: accept it, or leave it so."
    ),
    by=By(_by_accepting_approver, _an_approver),
)
