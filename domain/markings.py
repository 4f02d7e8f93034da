"""Changes of a marking: those who decide raise it; lowering it takes the author's side and an approver."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain import visibility
from domain.decider import Context, Verdict
from domain.limits import HasTexts, room_for
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, Marking, Person, Subject, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMarking:
    """A command that changes a marking. None: as it is."""

    marking: Marking | None = None
    recipients: tuple[Subject, ...] | None = None
    reason: Text

    def problems(self) -> Problems:
        if self.marking is None and self.recipients is None:
            yield FieldProblem(path="marking", message="Name a marking, or recipients.")
        yield from recipients_problems(Marking.RED, self.recipients or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkingProposal:
    """What the author's side proposes. by: the person. position: of its event. at: when it happened.

    on_behalf_of: for whom they act.
    """

    marking: Marking
    recipients: tuple[Subject, ...]
    by: Person
    position: int
    at: datetime | None = None
    on_behalf_of: Person | None = None

    @property
    def persons(self) -> tuple[Person, ...]:
        return (self.by,) if self.on_behalf_of is None else (self.by, self.on_behalf_of)

    def is_by(self, actor: Actor) -> bool:
        """Whether the actor, or the person for whom they act, has a part in it."""
        return not set(self.persons).isdisjoint(actor.persons)


class Marked(HasTexts, Protocol):
    """A request or an incident. proposals: how many so far."""

    @property
    def marking(self) -> Marking: ...
    @property
    def recipients(self) -> tuple[Subject, ...]: ...
    @property
    def proposal(self) -> MarkingProposal | None: ...
    @property
    def proposals(self) -> int: ...


def recipients_problems(marking: Marking, recipients: tuple[Subject, ...]) -> Problems:
    if recipients and marking is not Marking.RED:
        yield FieldProblem(path="recipients", message="Only what is marked RED has recipients: leave them out.")
    for number, each in enumerate(recipients):
        if not all(visibility.recipient(each, "the author's")):
            message = "Name a person of another issuer as 'person:ISSUER|SUBJECT'."
            yield FieldProblem(path=f"recipients.{number}", message=message)


def strictest(*markings: Marking) -> Marking:
    return max(markings, key=lambda each: each.strictness)


def of_state(state: object) -> Marking:
    """The marking of a subject. What has no marking is CLEAR."""
    found: Marking = getattr(state, "marking", Marking.CLEAR)
    return found


def _proposals(marked: Marked) -> int:
    return marked.proposals


_room = room_for(_proposals, "proposals to change its marking", "leave it as it is")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What an actor may do about a marking, and who else may, in words: 'a reviewer of kfor'."""

    raises: bool
    proposes: bool
    accepts: bool
    raiser: str
    proposer: str
    approver: str


def target(command: ChangeMarking, marked: Marked) -> tuple[Marking, tuple[Subject, ...]]:
    """The marking and the recipients that the command asks for. Only RED has recipients."""
    marking = command.marking or marked.marking
    if command.recipients is not None:
        return marking, tuple(dict.fromkeys(command.recipients))
    return marking, marked.recipients if marking is Marking.RED else ()


def is_raised(command: ChangeMarking, marked: Marked) -> bool:
    """Whether the marking becomes stricter, or keeps its place and loses recipients."""
    marking, recipients = target(command, marked)
    if marking is not marked.marking:
        return marking.strictness > marked.marking.strictness
    return set(recipients) < set(marked.recipients)


def takes_two(command: ChangeMarking, marked: Marked) -> bool:
    """Whether it lowers the marking or names more recipients. False for input that is refused anyway."""
    return not is_raised(command, marked) and not any(changes_something(command, marked))


def is_proposed(command: ChangeMarking, marked: Marked, actor: Actor) -> bool:
    """Whether somebody else has proposed just this."""
    proposal = _proposal(command, marked)
    return proposal is not None and not proposal.is_by(actor)


def _proposal(command: ChangeMarking, marked: Marked) -> MarkingProposal | None:
    """The proposal for just this that stands."""
    proposal, (marking, recipients) = marked.proposal, target(command, marked)
    if proposal is None or (proposal.marking, set(proposal.recipients)) != (marking, set(recipients)):
        return None
    return proposal


def proposes(command: ChangeMarking, marked: Marked, actor: Actor, sides: Sides) -> bool:
    """Whether the command records a proposal instead of a change."""
    if not takes_two(command, marked) or not sides.proposes:
        return False
    return not (sides.accepts and is_proposed(command, marked, actor))


def takes_part(sides: Sides, who: str) -> Verdict:
    """Whether the actor may change the marking in any way. who: those who may, in words."""
    met = sides.raises or sides.proposes or sides.accepts
    return Verdict(rule="ROLE", met=met, description=f"This takes {who}.")


def permitted(command: ChangeMarking, marked: Marked, sides: Sides) -> Verdict:
    if is_raised(command, marked):
        return Verdict(rule="MARKING", met=sides.raises, description=f"Raising a marking takes {sides.raiser}.")
    return Verdict(
        rule="MARKING",
        met=sides.proposes or sides.accepts or not takes_two(command, marked),
        description=f"Lowering a marking, or naming more recipients, takes two: {sides.proposer}, who proposes it, and "
        f"{sides.approver}, who accepts it with the same command.",
    )


def accepted(command: ChangeMarking, marked: Marked, actor: Actor, sides: Sides) -> Verdict:
    met = sides.proposes or is_proposed(command, marked, actor) or not takes_two(command, marked)
    return Verdict(
        rule="PROPOSED", met=met, description=f"Somebody else has to propose just this first: {sides.proposer}."
    )


def names_the_actor(command: ChangeMarking, marked: Marked, author: Actor, actor: Actor) -> bool:
    """Whether somebody else proposes just this, and it names the actor as one more recipient of what is marked RED.

    So what is marked RED is not out of reach if its recipients can decide nothing: an approver accepts such a proposal
    without seeing the subject. author: of the subject.
    """
    if marked.marking is not Marking.RED or actor.on_behalf_of is not None or not is_proposed(command, marked, actor):
        return False
    marking, recipients = target(command, marked)
    named = (visibility.recipient(each, author.issuer) for each in recipients)
    return marking is Marking.RED and set(recipients) > set(marked.recipients) and actor.person in named


def has_room(command: ChangeMarking, marked: Marked, context: Context, sides: Sides) -> Verdict:
    """Limits proposals alone: however many there are, those who decide raise the marking."""
    full = _room(marked, context) if proposes(command, marked, context.actor, sides) else ()
    return full[0] if full else Verdict(rule="LIMIT", met=True, description="One more proposal fits.")


def changes_something(command: ChangeMarking, marked: Marked) -> Problems:
    marking, recipients = target(command, marked)
    if (marking, set(recipients)) == (marked.marking, set(marked.recipients)):
        path = "recipients" if command.marking is None else "marking"
        yield FieldProblem(path=path, message=f"It is marked {marking} already, with these recipients.")
    if recipients and marking is not Marking.RED:
        yield FieldProblem(path="recipients", message="Only what is marked RED has recipients: leave them out.")


def is_not_yet_proposed(command: ChangeMarking, marked: Marked, actor: Actor) -> Problems:
    proposal = _proposal(command, marked)
    if proposal is not None and proposal.is_by(actor):
        path = "recipients" if command.marking is None else "marking"
        message = "You have proposed just this already. Somebody else has to accept it."
        yield FieldProblem(path=path, message=message)


def raiser_to_red(marked: Marked, actor: Actor) -> tuple[Person, ...]:
    """Whoever raises it to RED is not enough as its recipient."""
    return () if marked.marking is Marking.RED else actor.persons


def lacks_decider(marking: Marking, recipients: Iterable[Person], barred: Iterable[Person], whom: str) -> Problems:
    """RED without a recipient who could decide. barred: persons who cannot. whom: to be named."""
    if marking is Marking.RED and not set(recipients) - set(barred):
        yield FieldProblem(
            path="recipients",
            message=f"What is marked RED is seen by its author and the recipients alone: name {whom}, "
            "and not only yourself.",
        )
