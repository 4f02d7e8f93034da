"""Evidence that is graded again or withdrawn: the commands, and what they are checked against."""

from dataclasses import dataclass

from domain.decider import Context, Verdict
from domain.incident import rules
from domain.incident.events import Event, EvidenceRegraded, EvidenceWithdrawn, FindingQuestioned
from domain.incident.state import Evidence, Incident
from domain.incident.visibility import viewer_of
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Actor, EvidenceId, InformationCredibility, SourceReliability, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RegradeEvidence:
    evidence: EvidenceId
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    reason: Text


def regrade(command: RegradeEvidence, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (
        EvidenceRegraded(
            evidence=command.evidence,
            source_reliability=command.source_reliability,
            information_credibility=command.information_credibility,
            reason=command.reason,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawEvidence:
    evidence: EvidenceId
    reason: Text


def withdraw(command: WithdrawEvidence, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (EvidenceWithdrawn(evidence=command.evidence, reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFinding:
    """By the register: evidence on which the current finding rests is withdrawn."""

    reason: Text


def question(command: QuestionFinding, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (FindingQuestioned(reason=command.reason),)


Command = RegradeEvidence | WithdrawEvidence


def by_recorder_or_investigator(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    actor = context.actor
    recorded = any(_recorded(piece, actor) for piece in incident.evidence)
    [investigates] = rules.by_investigator_of_the_place(incident, context)
    return (
        Verdict(
            rule="EVIDENCE_OWNER",
            met=recorded or investigates.met,
            description=f"This takes the person who recorded the evidence, or else: {investigates.description}",
            rests_on=investigates.rests_on,
        ),
    )


def is_theirs(command: Command, incident: Incident, context: Context) -> Verdict:
    """Whoever recorded a piece of evidence, and an investigator of the place, regrade and withdraw it."""
    piece = _seen(command, incident, context)
    [investigates] = rules.by_investigator_of_the_place(incident, context)
    return Verdict(
        rule="EVIDENCE_OWNER",
        met=piece is None or _recorded(piece, context.actor) or investigates.met,
        description=f"Somebody else recorded this piece of evidence. {investigates.description}",
    )


def has_evidence(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """There is evidence that the actor may see and that is not withdrawn."""
    actor = viewer_of(context, incident)
    left = [one for one in incident.evidence if not one.withdrawn and actor.sees(incident.audience_of(one))]
    text = (
        "It has evidence that you may see and that is not withdrawn."
        if left
        else "It has no evidence that you may see, or all of it is withdrawn."
    )
    return (Verdict(rule="EVIDENCE", met=bool(left), description=text),)


def is_known(command: Command, incident: Incident, context: Context) -> Problems:
    """The evidence belongs to the incident, the actor may see it, and it is not withdrawn."""
    piece = _seen(command, incident, context)
    if piece is None:
        message = f"This incident has no such evidence that you may see: {command.evidence}."
        yield FieldProblem(path="evidence", message=message)
    elif piece.withdrawn:
        yield FieldProblem(path="evidence", message="It is withdrawn already.")


def grading_differs(command: RegradeEvidence, incident: Incident, context: Context) -> Problems:
    """The grading is another one."""
    piece = _seen(command, incident, context)
    grading = (command.source_reliability, command.information_credibility)
    if piece is not None and grading == (piece.source_reliability, piece.information_credibility):
        yield FieldProblem(path="sourceReliability", message="It is graded so already: change one of the two grades.")


def finding_lost_evidence(incident: Incident, context: Context) -> tuple[Verdict, ...]:
    """Evidence on which the current finding rests is withdrawn, and the finding is not yet to be reaffirmed."""
    finding = incident.attribution
    lost = _withdrawn_from(incident)
    met = finding is not None and bool(lost) and not finding.to_be_reaffirmed
    return (
        Verdict(
            rule="EVIDENCE",
            met=met,
            description="Evidence on which the current finding rests is withdrawn."
            if met
            else "The finding is to be reaffirmed already, or no evidence on which it rests is withdrawn.",
            rests_on=lost,
        ),
    )


def last_withdrawal(incident: Incident) -> int:
    """The position of the last withdrawal of evidence on which the current finding rests."""
    return max(_withdrawn_from(incident))


def _withdrawn_from(incident: Incident) -> tuple[int, ...]:
    """The positions of the withdrawals of evidence on which the current finding rests."""
    finding = incident.attribution
    rests_on = frozenset(finding.evidence) if finding else frozenset()
    return tuple(
        piece.withdrawn_by for piece in incident.evidence if piece.id in rests_on and piece.withdrawn_by is not None
    )


def _seen(command: Command, incident: Incident, context: Context) -> Evidence | None:
    actor = viewer_of(context, incident)
    pieces = (piece for piece in incident.evidence if piece.id == command.evidence)
    return next((piece for piece in pieces if actor.sees(incident.audience_of(piece))), None)


def _recorded(piece: Evidence, actor: Actor) -> bool:
    by = piece.recorded_by
    return by.authority == actor.authority and by.person in actor.persons
