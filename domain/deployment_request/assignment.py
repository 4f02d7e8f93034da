"""The assignment of a request to whoever is to review it: the command, and what it is checked against."""

from dataclasses import dataclass

from domain import visibility
from domain.decider import Context
from domain.deployment_request import events
from domain.deployment_request.events import Event
from domain.deployment_request.state import DeploymentRequest
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import Marking, Subject, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignRequest:
    """subject: a subject of the actor's issuer, or 'person:ISSUER|SUBJECT'; None ends an assignment."""

    subject: Subject | None = None
    reason: Text

    def problems(self) -> Problems:
        if self.subject is not None and not all(visibility.recipient(self.subject, "the actor's")):
            message = "Name a person of another issuer as 'person:ISSUER|SUBJECT'."
            yield FieldProblem(path="subject", message=message)


def assign(command: AssignRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    return (events.RequestAssigned(subject=command.subject, reason=command.reason),)


def assignee_can_review(command: AssignRequest, request: DeploymentRequest, context: Context) -> Problems:
    """It is not assigned to them yet, and they are neither recused nor interested; if it is RED, they may see it."""
    assigned = request.assigned_to
    if command.subject is None:
        if assigned is None:
            yield FieldProblem(path="subject", message="It is assigned to nobody: name who is to review it.")
        return
    person = visibility.recipient(command.subject, context.actor.issuer)
    if assigned is not None and assigned.person == person:
        yield FieldProblem(path="subject", message="It is assigned to them already: name another person, or nobody.")
    elif request.is_recused(person) or request.is_interested(person):
        had = "recused themselves" if request.is_recused(person) else "submitted or amended it"
        yield FieldProblem(path="subject", message=f"They {had} and cannot review it: name another person.")
    elif request.marking is Marking.RED and visibility.person(*person) not in request.audience:
        yield FieldProblem(path="subject", message="It is RED, and not for them: name one of its recipients.")
