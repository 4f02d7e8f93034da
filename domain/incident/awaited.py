"""When a step of an incident waits for somebody, and why: parts of the lifecycle table."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.decider import Awaited, By, Context, Verdict
from domain.incident import commands, rules
from domain.incident.commands import marking_sides
from domain.incident.state import Incident, Referral
from domain.vocabulary import REGISTER, Actor, Role, Subject, joined


def _an_approver(incident: Incident, context: Context) -> Actor:
    return replace(rules.an_investigator(incident, context), roles=(Role.APPROVER,))


def _proposed_since(incident: Incident) -> datetime | None:
    return min((each.proposed_at for each in incident.open_corrections), default=None)


def _by_accepting_approver(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    sides, proposal = marking_sides(incident, context), incident.proposal
    met = sides.accepts and proposal is not None and not proposal.is_by(context.actor)
    return (Verdict(rule="ROLE", met=met, description=f"This takes {sides.approver}, other than the proposer."),)


def why_to_answer(referral: Referral) -> str:
    sender, receiver = referral.referred_by.authority, referral.authority
    if referral.to_be_asked:
        return f"{sender} asks {receiver}, before there is a finding: record evidence, or answer that there is none."
    return f"{sender} refers it to {receiver}, to act on the finding: answer what is done."


def _by_awaited_receiver(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    codes = [each.authority for each in incident.unanswered]
    met = context.actor.authority in codes
    whose = joined(iter(codes)) or "nobody"
    return (Verdict(rule="AWAITED", met=met, description=f"An answer is awaited of {whose}."),)


def _an_awaited_receiver(incident: Incident, context: Context) -> Actor:
    codes = [each.authority for each in incident.unanswered] or [REGISTER]
    return Actor(issuer="", subject=Subject(""), authority=codes[0], roles=commands.CONTRIBUTORS)


CORRECTION_TO_SETTLE: Final[Awaited[Incident]] = Awaited(
    since=_proposed_since,
    due=lambda incident: None,
    why=lambda incident: f"Proposed corrections to accept or to discard: {len(incident.open_corrections)}.",
)
REFERRAL_TO_ANSWER: Final[Awaited[Incident]] = Awaited(
    since=lambda incident: min((each.referred_at for each in incident.unanswered), default=None),
    due=lambda incident: None,
    why=lambda incident: " ".join(map(why_to_answer, incident.unanswered)),
    by=By(_by_awaited_receiver, _an_awaited_receiver),
)
MARKING_TO_LOWER: Final[Awaited[Incident]] = Awaited(
    since=lambda incident: incident.proposal.at if incident.proposal else None,
    due=lambda incident: None,
    why=lambda incident: (
        f"{incident.reported_by.authority} proposes another marking or more recipients: accept it, or leave it so."
    ),
    by=By(_by_accepting_approver, _an_approver),
)
