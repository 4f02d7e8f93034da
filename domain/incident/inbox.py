"""What waits for somebody on an incident: the steps of its state, and what a hold of a request awaits of it.

Who investigates a place depends on the mandates of the moment: it is judged when the inbox is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.incident.awaited import why_to_answer
from domain.incident.commands import CONTRIBUTORS
from domain.incident.lifecycle import STEPS
from domain.incident.state import Incident
from domain.limits import ITEMS, TEXT_BYTES
from domain.vocabulary import Actor, AuthorityCode, Role, Subject, Threshold

Person = tuple[str, Subject]
ANSWER: Final = "ANSWER_REFERRAL"
"""The action that waits for the authorities to which an incident is referred, whoever investigates the place."""
AWAITED: Final = tuple(step for step in STEPS if step.awaited is not None)
FINDING: Final = "ATTRIBUTE"
"""The action that a hold awaits."""
ACTIONS: Final = (*(step.action for step in AWAITED), FINDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedOnIncident:
    """One step that waits for its owner, if it has one, and for persons with this role in the authority that decides on
    the place, but for the exceptions. owner: a person, and the authority that they acted for."""

    action: str
    role: Role
    owner: tuple[Person, AuthorityCode] | None
    exceptions: frozenset[Person]
    since: datetime
    why: str

    def waits_for(self, actor: Actor, *, decides: bool) -> bool:
        """decides: whether the mandate that decides on the place is that of the actor's authority."""
        if self.owner and self.owner[0] in actor.persons and self.owner[1] == actor.authority:
            return True
        return decides and self.role in actor.roles and self.exceptions.isdisjoint(actor.persons)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedAnswer:
    """An answer that waits for the contributors of an authority to which the incident is referred."""

    authority: AuthorityCode
    since: datetime
    why: str

    def waits_for(self, actor: Actor) -> bool:
        return actor.authority == self.authority and not set(CONTRIBUTORS).isdisjoint(actor.roles)


def awaited_answers(incident: Incident) -> Iterator[AwaitedAnswer]:
    for each in incident.unanswered:
        yield AwaitedAnswer(authority=each.authority, since=each.referred_at, why=why_to_answer(each))


def awaited_steps(incident: Incident) -> Iterator[AwaitedOnIncident]:
    """But for the answers."""
    for step in AWAITED:
        awaited = step.awaited
        if step.action == ANSWER or awaited is None or (since := awaited.since(incident)) is None:
            continue
        settles = step.action == "SETTLE_CORRECTION"
        reporter, proposal = incident.reported_by, incident.proposal
        yield AwaitedOnIncident(
            action=step.action,
            role=Role.INVESTIGATOR if settles else Role.APPROVER,
            owner=(reporter.person, reporter.authority) if settles else None,
            exceptions=frozenset() if settles or proposal is None else frozenset(proposal.persons),
            since=since,
            why=awaited.why(incident),
        )


def is_lacking(threshold: Threshold, incident: Incident) -> bool:
    """Whether it has no finding that suffices."""
    return incident.attribution is None or not incident.attribution.suffices(threshold)


def takes_findings(incident: Incident) -> bool:
    """Whether it has room for another one."""
    return len(incident.findings) < ITEMS and incident.text_bytes < TEXT_BYTES
